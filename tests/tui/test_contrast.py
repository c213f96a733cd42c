"""Whatever the theme, each tone can be read on each ground it stands on (WCAG 2.2, 1.4.3: 4.5)."""

from __future__ import annotations

import pytest
from textual.color import Color
from textual.theme import Theme

from tui.themes import THEMES

_TONES = ("foreground", "primary", "accent", "warning", "error", "success")
_GROUNDS = ("background", "surface", "panel")


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""

    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = map(linear, Color.parse(colour).normalized)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _pairs(theme: Theme) -> dict[str, tuple[str, str]]:
    colours = {name: str(getattr(theme, name)) for name in (*_TONES, *_GROUNDS)} | theme.variables
    pairs = [(tone, ground) for tone in (*_TONES, "faint") for ground in _GROUNDS]
    pairs += [(tone, "alarm-panel") for tone in ("foreground", "error", "warning", "accent")]
    pairs += [("background", "primary"), ("foreground", "cursor-blurred")]  # the cursor
    return {f"{tone} on {ground}": (colours[tone], colours[ground]) for tone, ground in pairs}


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_tone_can_be_read_where_it_stands(theme: Theme) -> None:
    seen = {name: round(_contrast(*pair), 2) for name, pair in _pairs(theme).items()}
    assert {name: ratio for name, ratio in seen.items() if ratio < 4.5} == {}


def test_black_on_white_is_21() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
