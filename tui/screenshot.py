"""An SVG of the real console on a real feed, for the README: the hall with its names hidden.

No other screen can be taken this way: they show pictures, and a console stores none.
"""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path

from appliance.core.errors import NotFound, Unreachable
from appliance.core.exam import IN_SESSION
from appliance.whole_file import replace_whole
from tui.app import ConsoleApp
from tui.feed_link import Link
from tui.hall_watch import HallWatch
from tui.screens.hall import HallScreen
from tui.shift import Shift

_SHOWN_WITHIN_S = 15.0

# Rich's picture asks a font server; without it, viewers use a font of their own.
_FONT_FROM_OUTSIDE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)


async def take_screenshot(
    shift: Shift, passphrase: str, file: Path, *, size: tuple[int, int] = (120, 40)
) -> None:
    """Log in as `shift.user`, show the exam `shift.exam_code` and write `file`.

    Raises the errors of `BoxClient`, NotFound when no exam in session has that code, Unreachable
    when the hall does not come up in time.
    """
    await shift.client.login(shift.user, passphrase)
    exams = [
        e for e in await shift.client.exams() if e.code.casefold() == shift.exam_code.casefold()
    ]
    if not exams or exams[0].state not in IN_SESSION:
        raise NotFound(f"No exam with the code {shift.exam_code} is open on this box.")
    app = ConsoleApp(shift)
    shift.names_hidden = True
    async with app.run_test(size=size) as pilot:
        shift.watch = HallWatch(shift.client, exams[0].exam_id, shift.clock)
        app.show_only(HallScreen(shift))
        await _until_shown(shift)
        await pilot.pause(0.3)
        svg = picture_of(app)
    await asyncio.to_thread(replace_whole, file, svg.encode(), 0o644)


def picture_of(app: ConsoleApp) -> str:
    """What the console shows now, as an SVG that asks nobody for anything."""
    return _FONT_FROM_OUTSIDE.sub("", app.export_screenshot(title="hallvakt console"))


async def _until_shown(shift: Shift) -> None:
    until = time.monotonic() + _SHOWN_WITHIN_S
    while time.monotonic() < until:
        if shift.watch is not None and shift.watch.link is Link.UP and shift.watch.view.seats:
            return
        await asyncio.sleep(0.05)
    raise Unreachable("The hall did not come up in time; is the box busy?")
