"""A whole exam from the key ceremony to the review, on this machine, for real."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.core.ids import ExamId
from appliance.rehearsal import night
from appliance.rehearsal.exam_day import ExamDay, make_places
from appliance.rehearsal.report import DemoReport, SeenInReview
from appliance.rehearsal.school import School

# What needs the reviewer's side of the program; fills in the report.
Review = Callable[[School, ExamId, DemoReport], Awaitable[SeenInReview]]

# Runs the console in the terminal; returns when the person leaves it.
RunConsole = Callable[[School, str], asyncio.Future[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    candidates: int
    browser_candidates: int
    seconds: float


async def hold_whole_exam(
    plan: Plan,
    directory: Path,
    say: Callable[[str], None],
    review: Review,
    run_console: RunConsole | None = None,
) -> DemoReport:
    """Everything below `directory` (empty). `say` gets a line before each step."""
    began = time.monotonic()
    report = DemoReport(
        candidates=plan.candidates,
        browser_candidates=plan.browser_candidates,
        exam_seconds=plan.seconds,
    )
    places = make_places(plan.candidates, plan.browser_candidates, plan.seconds)
    report.canaries = [place.name for place in places]
    school = School(directory)
    try:
        say("Key ceremony, box and local stand-ins for the cloud ...")
        await school.found()
        await school.open_doors(directory / "box.log")
        day = ExamDay(school=school, places=places, seconds=plan.seconds, report=report)
        say("Creating the exam, importing the roster, opening the doors ...")
        await day.prepare()
        async with contextlib.AsyncExitStack() as hall:
            invigilator = await hall.enter_async_context(day.invigilator())
            say(f"Candidates take their seats; then the exam is live for {plan.seconds:.0f} s ...")
            console = run_console(school, day.code) if run_console else None
            await day.hold(invigilator)
            if console is not None:
                await console
        say("The exam is closed. The night: encrypted batches to the cloud ...")
        await night.sync(school, report)
        say("The morning after: review from the cloud copy alone ...")
        seen = await review(school, day.exam, report)
        say("Searching everything that was written for plaintext ...")
        await night.search_plaintext(school, report, seen)
    finally:
        await school.shut()
    report.wall_s = round(time.monotonic() - began, 1)
    return report
