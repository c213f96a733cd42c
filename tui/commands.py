"""The command palette: everything that can be done on this screen now, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui.keys import Key, working_keys
from tui.language import tr


class KeyCommands(Provider):
    """One command for every key that works on the screen below the palette."""

    async def discover(self) -> Hits:
        for key in working_keys(self.screen):
            yield DiscoveryHit(_line(Content(key.sentence), key), self._running(key), key.sentence)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        found = False
        for key in working_keys(self.screen):
            score = max(matcher.match(key.sentence), matcher.match(key.label))
            if score > 0:
                found = True
                shown = _line(matcher.highlight(key.sentence), key)
                yield Hit(score, shown, self._running(key), key.sentence)
        if not found:
            yield Hit(0.1, tr("Nothing here is called that."), _nothing)

    def _running(self, key: Key) -> Callable[[], Coroutine[Any, Any, bool]]:
        async def run() -> bool:
            return await self.app.run_action(key.action, default_namespace=key.node)

        return run


class ConsolePalette(CommandPalette):
    """Textual's palette in the language spoken, with these commands only: its own could write
    pictures to disk."""

    def __init__(self) -> None:
        super().__init__([KeyCommands], placeholder=tr("What do you want to do?"))


def _line(sentence: Content, key: Key) -> Content:
    return Content.assemble((f"{key.name:>7}  ", "bold $accent"), sentence)


def _nothing() -> None:
    return None
