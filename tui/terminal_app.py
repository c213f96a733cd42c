"""What the console has to do because its terminal is a real one: pictures, slowness, a fall."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from rich.console import RenderableType
from rich.text import Text
from textual import events
from textual._compositor import ChopsUpdate
from textual.geometry import Region
from textual.screen import Screen

from tui.fall import fall_words
from tui.terminal_colours import ColoursApp
from tui.terminal_driver import ConsoleDriver, LateAnswer
from tui.terminal_pictures.painted import ExactUpdate, painted
from tui.terminal_pictures.painter import PicturePainter
from tui.terminal_pictures.probe import Asked
from tui.terminal_pictures.way import PictureWay, TerminalPictures
from tui.widgets.holds_pictures import holders


class TerminalApp(ColoursApp):
    """`asked`: what this terminal said about pictures, and may still say."""

    def __init__(self, asked: Asked, **named: Any) -> None:
        super().__init__(driver_class=ConsoleDriver, **named)
        truecolour = self.console.color_system == "truecolor"
        self.painter = PicturePainter(
            asked.pictures,
            self._to_terminal,
            truecolour=truecolour,
            room=self._room,
        )
        self._asked = asked
        self._not_drawn: set[Region] = set()
        self._has_room = asyncio.Event()

    def _build_driver(self, *arguments: Any, **named: Any) -> Any:
        driver = super()._build_driver(*arguments, **named)
        if isinstance(driver, ConsoleDriver):
            driver.late = self._asked.late
        return driver

    @property
    def _terminal(self) -> ConsoleDriver | None:
        """None where nothing is drawn, as in tests."""
        return self._driver if isinstance(self._driver, ConsoleDriver) else None

    @property
    def terminal_is_behind(self) -> bool:
        """Whether the terminal has not yet taken what was drawn before."""
        return self._terminal is not None and self._terminal.is_behind

    def _to_terminal(self, characters: str) -> None:
        if self._driver is not None:  # in order with what Textual writes
            self._driver.write(characters)

    # pictures

    def on_mount(self) -> None:
        self.painter.forget_earlier()

    def on_late_answer(self, event: LateAnswer) -> None:
        """The terminal can show real pictures after all."""
        self._learn(self._asked.judge(event.answers, event.cell))

    def on_resize(self, _: events.Resize) -> None:
        """A larger type makes larger cells."""
        if self._terminal is not None:
            self._learn(self.painter.terminal.measured(self._terminal.cell))

    def _learn(self, now: TerminalPictures) -> None:
        if now != self.painter.terminal:
            self.painter.learn(now)
            for holder in holders(self.screen):
                holder.cover()
                holder.uncover()

    # drawing

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """A terminal that has not taken what was drawn before gets no more, but what it missed as
        soon as it has caught up, as it is then."""
        if renderable is None or self._batch_count:
            super()._display(screen, renderable)
            return
        overlaid = self.painter.way is PictureWay.SIXEL and self.painter.held > 0
        if overlaid and isinstance(renderable, ChopsUpdate):
            renderable = ExactUpdate.of(renderable)
        if self.terminal_is_behind:
            self._not_drawn.update(painted(renderable, screen.size.region))
            return
        super()._display(screen, renderable)
        if overlaid:
            areas = painted(renderable, screen.size.region)
            for holder in holders(screen):
                holder.repainted(areas)

    async def _room(self) -> None:
        while True:
            self._has_room.clear()
            if not self.terminal_is_behind:
                return
            await self._has_room.wait()

    def on_caught_up(self) -> None:
        self._has_room.set()
        missed, self._not_drawn = self._not_drawn, set()
        if missed:
            self.screen.refresh(*missed)

    # a fall

    def _fatal_error(self) -> None:
        """Textual's own words show the values of variables: names."""
        if not self._exit_renderables:  # what comes after the first is its consequence
            error = self._exception or sys.exc_info()[1]
            words = Text(fall_words(error) if error is not None else "", overflow="fold")
            self._exit_renderables.append(words)
        self._close_messages_no_wait()
