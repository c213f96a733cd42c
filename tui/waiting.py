"""A calm screen while no box runs on this machine: for the box's own screen, where nobody stands
who could start the console again.

Written without Textual, so that it costs nothing for as long as it waits.
"""

from __future__ import annotations

import shutil
import socket
import textwrap
import time
from pathlib import Path
from typing import TextIO

from tui.language import tr

_EVERY_S = 1.0
_REFUSED = "secrets-refused"  # beside the socket: systemd/hallvakt-gateway.service
_WIDEST = 66
_CLEAR, _HIDE_CURSOR, _SHOW_CURSOR = "\x1b[2J\x1b[H", "\x1b[?25l", "\x1b[?25h"


def until_it_runs(path: Path, screen: TextIO) -> None:
    """Returns once a box answers at the Unix socket `path`; writes to `screen` if it must wait, and
    again when why it waits is another thing.

    A socket that a killed box left behind does not count: a connection is tried.
    """
    if _answers(path):
        return
    drawn = screen.isatty()
    shown: tuple[str, ...] = ()
    try:
        while not _answers(path):
            said = _sealed() if path.with_name(_REFUSED).exists() else _not_yet()
            if said != shown:
                _show(said, screen, drawn=drawn)
                shown = said
            time.sleep(_EVERY_S)
    finally:
        if drawn:
            screen.write(f"{_CLEAR}{_SHOW_CURSOR}")
            screen.flush()


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.settimeout(_EVERY_S)
        try:
            trial.connect(str(path))
        except OSError:
            return False
    return True


def _show(sentences: tuple[str, ...], screen: TextIO, *, drawn: bool) -> None:
    page = f"{_HIDE_CURSOR}{_CLEAR}{_page(sentences)}"
    screen.write(page if drawn else f"{sentences[0]}\n")
    screen.flush()


def _not_yet() -> tuple[str, ...]:
    return (
        tr("The box is not running yet. This screen waits and opens the console by itself."),
        tr("During an exam candidates go on writing; what they record is kept on their computers."),
        tr(
            "For school IT, on another screen (Alt+F2) or over the network: "
            "`systemctl status hallvakt-gateway` says why, `hallvakt doctor` what to do. "
            "A new box is made with `hallvakt first-boot`."
        ),
    )


def _sealed() -> tuple[str, ...]:
    return (
        tr("The box does not start: this machine cannot open the secrets sealed on its disk."),
        tr("During an exam candidates go on writing; what they record is kept on their computers."),
        tr(
            "For school IT: they open only in the machine that sealed them, with its TPM switched "
            "on and not cleared. Put the disk back into that machine, or the firmware's settings "
            "back, and start it again."
        ),
        tr(
            "If that cannot be, `hallvakt doctor` says what to do, on another screen (Alt+F2) or "
            "over the network. Nothing on the disk was changed."
        ),
    )


def _page(sentences: tuple[str, ...]) -> str:
    """In the middle of the screen, lines of a width that is read at a glance."""
    columns, rows = shutil.get_terminal_size((80, 25))
    width = max(20, min(_WIDEST, columns - 4))
    lines = ["Hallvakt", ""]
    for sentence in sentences:
        lines += [*textwrap.wrap(sentence, width), ""]
    left = " " * max(0, (columns - width) // 2)
    above = "\r\n" * max(0, (rows - len(lines)) // 2)
    return above + "".join(f"{left}{line}\r\n" for line in lines)
