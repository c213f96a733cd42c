"""A console that fails says so in calm words, without a name, and leaves the terminal as it was."""

from __future__ import annotations

import asyncio
import os
import sys
import termios
from pathlib import Path

import pytest

from tests.tui.pretend_terminal import PretendTerminal
from tests.tui.scripted_box import ScriptedBox
from tests.tui.test_terminal_pictures import until
from tui.fall import fall_words
from tui.language import speak

_CANARY = "Canary Testperson"
# The real console, but for one key whose work fails with a name in every place that may hold one.
_FAULTY = """
import sys
from tui.app import ConsoleApp
from tui.__main__ import main

def fails(self):
    name = {canary!r}
    names = {{name: [name]}}
    raise KeyError(name)

async def in_a_worker(self):
    fails(self)

ConsoleApp.action_theme = lambda self: self.run_worker(in_a_worker(self))
sys.exit(main(["--socket", {socket!r}, "--language", "en"]))
"""


async def test_a_fall_says_no_name_and_restores_the_terminal(
    box: ScriptedBox, socket_path: Path, tmp_path: Path
) -> None:
    terminal = PretendTerminal({})
    misleading = ("NO_COLOR", "COLUMNS", "LINES", "TMUX", "STY")
    environment = {name: value for name, value in os.environ.items() if name not in misleading}
    environment |= {"TERM": "xterm-256color", "XDG_CONFIG_HOME": str(tmp_path), "TMUX": "none"}
    program = _FAULTY.format(canary=_CANARY, socket=str(socket_path))
    command = (sys.executable, "-c", program)
    process = await terminal.start(command, environment, (80, 24))
    try:
        before = termios.tcgetattr(terminal.master)
        await until(lambda: b"assphrase" in terminal.seen)
        terminal.type("\x14")  # ctrl+t
        assert await asyncio.wait_for(process.wait(), 90) == 1
        await until(lambda: b"KeyError" in terminal.seen)
        assert termios.tcgetattr(terminal.master)[:4] == before[:4]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        terminal.stop()
    _, left, words = terminal.seen.partition(b"\x1b[?1049l")
    assert left, "the console did not leave its screen"
    assert b"fault of its own" in words
    assert b"Recording goes on" in words
    assert b"fails" in words  # where it was
    assert _CANARY.encode() not in terminal.seen
    assert str(Path.cwd()).encode() not in words


def test_an_error_behind_an_error_is_named_too() -> None:
    def inner(name: str) -> None:
        raise ValueError(name)

    def outer() -> None:
        try:
            inner(_CANARY)
        except ValueError as error:
            raise RuntimeError(f"about {_CANARY}") from error

    with pytest.raises(RuntimeError) as caught:
        outer()
    words = fall_words(caught.value)
    assert "RuntimeError" in words
    assert "ValueError" in words
    assert "inner" in words
    assert _CANARY not in words


def test_in_swedish(swedish: None) -> None:
    assert "ett eget fel" in fall_words(ValueError())
    speak("en")
