"""The console on the box's own screen: the command line of its unit, on a terminal as the kernel's
console is one, under the rules of the unit."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

import pytest

from tests.support.box import ROOT, clean_environment, running_box
from tests.support.unit_sandbox import words

UNIT = ROOT / "systemd" / "hallvakt-console@.service"
_WITHIN_S = 60.0

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or os.geteuid() != 0,
    reason="needs systemd-analyze for the sets of system calls, and root for its rules",
)


async def test_its_command_line_shows_the_login_and_nothing_else(tmp_path: Path) -> None:
    async with running_box(tmp_path) as box:
        shown = await asyncio.to_thread(_on_a_terminal, box.socket, "Passphrase")
    assert "User" in shown, shown[-500:]


def test_while_no_box_runs_it_waits_with_words_and_then_goes_on(tmp_path: Path) -> None:
    """A socket that a killed box left behind is no box; the same process then opens the console."""
    path = tmp_path / "console.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))

    def box_comes() -> None:
        path.unlink()
        box.bind(str(path))
        box.listen(16)

    with socket.socket(socket.AF_UNIX) as box:
        waits = "hallvakt first-boot"  # the end of its last sentence
        shown = _on_a_terminal(path, waits, then=box_comes, until_then="Passphrase")
    assert "The box is not running yet" in shown
    assert "User" in shown


def test_where_the_box_s_secrets_do_not_open_it_says_so_and_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "secrets-refused").touch()  # as the gateway's unit leaves it
    shown = _on_a_terminal(
        tmp_path / "console.sock",
        "Nothing on the disk",
        then=(tmp_path / "secrets-refused").unlink,
        until_then="hallvakt first-boot",
    )
    sealed, _, after = shown.partition("Nothing on the disk")
    assert "this machine cannot open the secrets" in sealed
    assert "Put the disk back" in sealed
    assert "`hallvakt doctor`" in sealed
    assert "The box is not running yet" not in sealed
    assert "The box is not running yet" in after


def _on_a_terminal(
    door: Path, until: str, then: Callable[[], None] | None = None, until_then: str = ""
) -> str:
    """What it shows until a word stands there; after `then`, in the same process, until another."""
    (command,) = words(UNIT, "ExecStart")
    assert command[0] == "/opt/hallvakt/current/.venv/bin/hallvakt"
    there = "/run/hallvakt-gateway/console.sock"
    given = [str(door) if word == there else word for word in command]
    assert str(door) in given
    (term,) = re.findall(r"^Environment=TERM=(\w+)$", UNIT.read_text(), re.MULTILINE)
    ours, screen = pty.openpty()
    ioctl(screen, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))  # a text console's size
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.support.unit_sandbox", str(UNIT)),
            *(sys.executable, "-m", "appliance.cli.main", *given[1:]),
        ],
        stdin=screen,
        stdout=screen,
        stderr=screen,
        cwd=ROOT,
        env=clean_environment() | {"TERM": term, "LANG": "C.UTF-8"},
        start_new_session=True,
    )
    os.close(screen)
    try:
        shown = _until(ours, until)
        if then is not None:
            then()
            shown += _until(ours, until_then)
        return shown
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _until(terminal: int, word: str) -> str:
    """Everything drawn, without the terminal's commands, until `word` stands there."""
    drawn = b""
    deadline = time.monotonic() + _WITHIN_S
    while word not in (
        text := re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode("utf-8", "replace"))
    ):
        left = deadline - time.monotonic()
        assert left > 0, f"{word} never stood on the screen: {text[-800:]!r}"
        if select.select([terminal], [], [], left)[0]:
            try:
                drawn += os.read(terminal, 65536)
            except OSError:  # the program has ended (EIO, see pty(7))
                raise AssertionError(f"it ended early: {text[-800:]!r}") from None
    return text
