"""The first boot by an answers file: the same steps without a screen, one line for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from appliance.core.checkup import CheckStatus, worst
from appliance.core.errors import HallvaktError
from appliance.core.first_boot import Standing, Step
from tui.first_boot.answers import input_of, read_answers
from tui.first_boot.wizard import Wizard
from tui.first_boot.words import AFTER, TITLE, one_line
from tui.language import tr

_NOT_FIT = 5  # as `hallvakt doctor`


async def run(wizard: Wizard, file: Path, say: Callable[[str], None]) -> int:
    """`file` is a whole path. Answers the exit code: 0, or 5 when all is done and the doctor finds
    the box not fit. Raises what a step refuses, with the step's name before it; what was done
    before stays done."""
    answers = await asyncio.to_thread(read_answers, file)
    base = file.parent
    await wizard.decide_anew()
    if await wizard.next() is None:
        say(tr("All is done. `hallvakt doctor` says how the box is."))
    while (step := await wizard.next()) is not None:
        try:
            given = await asyncio.to_thread(input_of, step, answers, base)
            note = await wizard.do(step, given)
        except HallvaktError as error:
            error.message = f"{tr(TITLE[step])}: {error.message}"
            raise
        say(one_line(step, note))
        if step in AFTER and note.standing is Standing.DONE:
            say(tr(AFTER[step]))
    checks = wizard.notes[Step.REPORT].checks
    return _NOT_FIT if worst(checks) is CheckStatus.FAIL else 0
