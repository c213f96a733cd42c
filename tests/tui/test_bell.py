"""A raised hand is heard: the terminal is given the BEL it rings at."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from tests.tui.pretend_terminal import PLAIN_DA1, PretendTerminal
from tests.tui.scripted_box import ScriptedBox
from tests.tui.test_terminal_pictures import console_on, log_in, until

_COMMANDS = re.compile(rb"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")  # a BEL that ends one rings nothing


def rings(terminal: PretendTerminal) -> int:
    return _COMMANDS.sub(b"", terminal.seen).count(b"\x07")


async def test_the_terminal_is_rung_for_a_raised_hand(
    box: ScriptedBox, socket_path: Path, tmp_path: Path
) -> None:
    terminal = PretendTerminal(PLAIN_DA1)
    async with console_on(terminal, socket_path, tmp_path):
        await log_in(terminal)
        assert rings(terminal) == 0
        calm = next(seat for seat in box.view.seats.values() if not seat.hand_raised)
        await box.tell(replace(calm, hand_raised=True))
        await until(lambda: rings(terminal) == 1)
