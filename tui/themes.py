"""Three looks: dark for a dimmed hall, light for daylight, high contrast for tired eyes."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="hallvakt-dark",
    primary="#7fb4ff",
    secondary="#9aa7b8",
    accent="#ffd27d",
    warning="#ffb454",
    error="#ff6b6b",
    success="#7ed99a",
    foreground="#e6eaf0",
    background="#12161c",
    surface="#171c24",
    panel="#212834",
    dark=True,
    variables={
        "border": "#3a4657",
        "cursor-blurred": "#3a4657",
        "border-blurred": "#2b3442",
        "faint": "#8290a3",
        "alarm-panel": "#4a2229",
        "input-cursor-background": "#7fb4ff",
    },
)
LIGHT = Theme(
    name="hallvakt-light",
    primary="#1f5fae",
    secondary="#4d5a6b",
    accent="#7d5200",
    warning="#864f00",
    error="#b3261e",
    success="#1b7137",
    foreground="#1b2129",
    background="#f4f5f7",
    surface="#fbfbfc",
    panel="#e4e8ee",
    dark=False,
    variables={
        "border": "#9aa7b8",
        "cursor-blurred": "#9aa7b8",
        "border-blurred": "#c9d0d9",
        "faint": "#566374",
        "alarm-panel": "#f7d7d4",
    },
)
CONTRAST = Theme(
    name="hallvakt-contrast",
    primary="#00e5ff",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffd000",
    error="#ff5c5c",
    success="#00ff7f",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1c1c1c",
    dark=True,
    text_alpha=1.0,
    variables={
        "border": "#ffffff",
        "cursor-blurred": "#5a5a5a",
        "border-blurred": "#a0a0a0",
        "faint": "#d0d0d0",
        "alarm-panel": "#500000",
    },
)
THEMES = (DARK, LIGHT, CONTRAST)


def following(name: str) -> str:
    """The theme after `name`, round and round."""
    names = [theme.name for theme in THEMES]
    return names[(names.index(name) + 1) % len(names)] if name in names else names[0]
