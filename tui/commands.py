"""The command palette: everything that can be done on this screen now, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.keys import Key, working_keys
from tui.language import tr
from tui.screens.base import ConsoleScreen
from tui.screens.offer import Offer

_BEHIND_KEYS = 0.9  # what stands in a menu comes after what has a key of its own


class KeyCommands(Provider):
    """One command for every key that works on the screen below the palette, and for what stands in
    its menus."""

    async def discover(self) -> Hits:
        for key in working_keys(self.screen):
            yield DiscoveryHit(
                _line(Content(key.sentence), key.name), self._running(key), key.sentence
            )

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        found = False
        for key in working_keys(self.screen):
            score = max(matcher.match(key.sentence), matcher.match(key.label))
            if score > 0:
                found = True
                shown = _line(matcher.highlight(key.sentence), key.name)
                yield Hit(score, shown, self._running(key), key.sentence)
        for offer in self._offers():
            label = offer.choice.label
            score = max(matcher.match(label), matcher.match(offer.choice.about))
            if score > 0:
                found = True
                shown = _line(matcher.highlight(label), f"{offer.key} {offer.choice.letter}")
                yield Hit(score * _BEHIND_KEYS, shown, offer.do, label)
        if not found:
            yield Hit(0.1, tr("Nothing here is called that."), _nothing)

    def _offers(self) -> list[Offer]:
        """Of the menus below the palette: found by a word, but not listed before one is typed."""
        return self.screen.offers() if isinstance(self.screen, ConsoleScreen) else []

    def _running(self, key: Key) -> Callable[[], Coroutine[Any, Any, bool]]:
        async def run() -> bool:
            return await self.app.run_action(key.action, default_namespace=key.node)

        return run


class ConsolePalette(CommandPalette):
    """Textual's palette in the language spoken, with these commands only: its own could write
    pictures to disk."""

    def __init__(self) -> None:
        super().__init__([KeyCommands], placeholder=tr("What do you want to do?"))


def _line(sentence: Content, keys: str) -> Content:
    return Content.assemble((f"{keys:>7}  ", "bold $accent"), sentence)


def _nothing() -> None:
    return None
