"""Textual's driver for a real terminal, with two things added: it never waits for a slow one, and
it picks late answers of the terminal out of the keys."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
from codecs import getincrementaldecoder
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal_pictures.late_answers import LateAnswers
from tui.terminal_pictures.probe import cell_by_kernel
from tui.terminal_writer import TerminalWriter

_TICK_S = 0.1
_READ = 4096


class LateAnswer(Message):
    """The terminal has answered all that it was asked before the console drew."""

    def __init__(self, answers: bytes, cell: tuple[int, int]) -> None:
        super().__init__()
        self.answers = answers
        self.cell = cell


class CaughtUp(Message):
    """The terminal has taken so much that more can be drawn."""


class ConsoleDriver(LinuxDriver):
    """`late`: what is asked and not answered yet; set before the application starts."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.late: LateAnswers | None = None
        self._writer: TerminalWriter | None = None
        self._screen = sys.__stderr__.fileno() if sys.__stderr__ is not None else 2

    # out

    @property
    def is_behind(self) -> bool:
        """Whether the terminal has not yet taken what was drawn before."""
        return self._writer is not None and self._writer.is_behind

    @property
    def cell(self) -> tuple[int, int]:
        """Pixels of a cell now, zeros where nobody says."""
        with contextlib.suppress(OSError):
            return cell_by_kernel(self._screen)
        return (0, 0)

    def write(self, data: str) -> None:
        assert self._writer is not None, "the driver must be in application mode"
        self._writer.write(data)

    def start_application_mode(self) -> None:
        loop = asyncio.get_running_loop()
        self._writer = TerminalWriter(
            self._screen,
            lambda: loop.call_soon_threadsafe(self._app.post_message, CaughtUp()),  # type: ignore[arg-type]
        )
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        if self._writer is not None:
            self._writer.stop()
            self._writer = None
        super().close()

    # in

    def run_input_thread(self) -> None:
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        try:
            while not self.exit_event.is_set():
                ready, _, _ = select.select([self.fileno], [], [], _TICK_S)
                typed = self._sifted(decode(os.read(self.fileno, _READ)) if ready else None)
                for message in (*(parser.feed(typed) if typed else ()), *parser.tick()):
                    self.process_message(message)
        except OSError:
            return  # the terminal is gone; `terminal_watch` ends the program
        finally:
            with contextlib.suppress(EOFError, ParseError):
                list(parser.feed(""))

    def _sifted(self, read: str | None) -> str:
        late = self.late
        if late is None:
            return read or ""
        typed = late.idle() if read is None else late.sift(read)
        if late.complete:
            self.late = None
            self.process_message(LateAnswer(late.answers, self.cell))
        return typed
