"""Keys for a console under test, independent of how fast the machine is.

Textual's own pilot takes a key for done when the processor has been quiet for 20 ms, or after a
second at most: slow on a busy machine, and too early on a slow one. This one waits until every
message has been dealt with, also those that others led to. What the box answers is waited for by
the tests themselves (`until`).
"""

from __future__ import annotations

import unicodedata

from rich.cells import cell_len
from textual import events
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.widget import Widget

_PATIENCE_S = 120.0
_ROUNDS = 3  # a key becomes an action, an action a new screen, a screen its contents


class SteadyPilot(Pilot[None]):
    async def press(self, *keys: str) -> None:
        for key in keys:
            self.app.post_message(_key_event(key))
            await self.settled()

    async def wheel(self, over: Widget, *, up: bool = False) -> None:
        """One notch of the mouse wheel over the middle of a widget."""
        turned = events.MouseScrollUp if up else events.MouseScrollDown
        await self._post_mouse_events([turned], over)
        await self.settled()

    async def click_on(self, words: str) -> None:
        """Click on the first place where the screen says `words`."""
        lines = self.app.screen._compositor.render_strips()
        for y, line in enumerate("".join(part.text for part in strip) for strip in lines):
            if words in line:
                await self.click(offset=(cell_len(line[: line.index(words)]), y))
                await self.settled()
                return
        raise AssertionError(f"{words!r} is not on the screen")

    async def settled(self) -> None:
        """Wait until the app and its widgets have no message left."""
        while True:
            for _ in range(_ROUNDS):
                await self._wait_for_screen(_PATIENCE_S)
                await self.app._animator.wait_until_complete()
                self.app.screen._on_timer_update()
            await self.pause()  # what is drawn next may ask for more; once, for it costs 20 ms
            if not self._unread():
                return

    def _unread(self) -> bool:
        everything = (self.app, *self.app.screen.walk_children(with_self=True))
        return any(one.message_queue_size for one in everything)


def _key_event(key: str) -> events.Key:
    """As Textual's own pilot makes it of a name or a character."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    original = REPLACED_KEYS.get(key, key)
    try:
        character: str | None = unicodedata.lookup(_get_unicode_name_from_key(original))
    except KeyError:
        character = key if len(key) == 1 else None
    return events.Key(key, character)
