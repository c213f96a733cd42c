"""The keys that work on a screen right now, read from its bindings: what footer, help and palette
say about keys comes from here, so it cannot drift from what the keys do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.dom import DOMNode
from textual.screen import Screen

from tui.language import tr

_NAMES = {
    "escape": "esc",
    "slash": "/",
    "question_mark": "?",
    "full_stop": ".",
    "comma": ",",
    "colon": ":",
    "space": "space",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}


@dataclass(frozen=True, slots=True)
class Key:
    """`label`: what it does in a word or two; `sentence`: in full. `everywhere`: on all screens.
    `in_footer`: important enough for the line below every screen."""

    name: str
    label: str
    sentence: str
    action: str
    node: DOMNode
    everywhere: bool
    in_footer: bool


def working_keys(screen: Screen[object]) -> list[Key]:
    """Every described key that does something now, each action once, in the order declared; those
    of the whole console last."""
    found: dict[str, Key] = {}
    for active in screen.active_bindings.values():
        if active.enabled and active.binding.description and _is_ours(active):
            key = _key(active)
            found.setdefault(key.action, key)
    if screen.is_modal:  # whose keys hide those of the console, but for the ones that always work
        app = screen.app
        for binding in _declared(type(app)):
            named = binding.action in found or f"app.{binding.action}" in found
            if binding.priority and not named and app.check_action(binding.action, ()):
                found[binding.action] = _key(ActiveBinding(app, binding, True, ""))
    return sorted(found.values(), key=lambda key: key.everywhere)


def _key(active: ActiveBinding) -> Key:
    binding = active.binding
    label = tr(binding.description)
    return Key(
        name=name_of(binding),
        label=label,
        sentence=tr(binding.tooltip) if binding.tooltip else label[:1].upper() + label[1:],
        action=binding.action,
        node=active.node,
        everywhere=isinstance(active.node, App),
        in_footer=binding.show,
    )


def _is_ours(active: ActiveBinding) -> bool:
    """Textual's own bindings are described in English, and scrolling needs no explanation."""
    return any(active.binding.action == ours.action for ours in _declared(type(active.node)))


def _declared(kind: type) -> Iterator[Binding]:
    for above in kind.__mro__:
        if above.__module__.partition(".")[0] == "tui":
            for binding in vars(above).get("BINDINGS", ()):
                if isinstance(binding, Binding):
                    yield binding


def name_of(binding: Binding) -> str:
    """How the key is written: `esc`, `/`, `ctrl+l`."""
    return binding.key_display or _NAMES.get(binding.key, binding.key)
