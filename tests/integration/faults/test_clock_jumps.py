"""The wall clock jumps by a day, forward and back, while an exam is live: footage goes on being
kept, logins end early rather than late, the log stays in order, nothing is purged by a wrong date.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from appliance.adapters.host.clock import clock_reading
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.processes.clock_guard import clock_checks, clock_trouble
from tests.support.box import ROOT, RealBox, clean_environment
from tests.support.box_api import BoxApi
from tests.support.invariants import check, opened
from tests.support.under_load import roster, under_load

DAY_S = 86_400
SETTINGS = """
[exam]
title = "Matematik 3c"
duration_minutes = 60

[retention]
days = 1

[features]
video_snippets = true

[sync]
what = "none"
"""


def _jump(clock: Path, seconds: float) -> None:
    written = clock.with_suffix(".new")
    written.write_text(str(seconds))
    written.rename(clock)


async def _note(lead: BoxApi, wanted: bool) -> None:
    """Until the notice stands on the consoles, or is gone."""
    async with asyncio.timeout(60):
        while ("clock jumped" in (await lead.ok("GET", "/api/v1/box"))["note"]) is not wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.1)


@pytest.fixture
def clock(box: RealBox) -> Path:
    box.wall_clock = box.state.parent / "clock"
    _jump(box.wall_clock, 0)
    return box.wall_clock


async def test_a_day_forward_and_back_in_a_live_exam(box: RealBox, clock: Path) -> None:
    await box.start()
    lead = await box.login()
    exam = await box.new_exam(lead, SETTINGS, roster(2))
    async with under_load(box, exam) as load:
        await load.more(4)
        for away in (DAY_S, -DAY_S):
            now = time.time()
            await asyncio.to_thread(_jump, clock, away)
            lead = await _still_somebody(box, lead, forward=away > 0)
            await _note(lead, True)
            await load.more(4)
            await check(box.state, load.kept, settled=True)
            assert set(load.answers) == {201}, load.refusals
            await _janitor(box, clock)  # a live exam is nobody's to purge, whatever the date
            assert await _latest(box, load.attempts) < 1000 * (now + max(away, 0) + 3600)
            await asyncio.to_thread(_jump, clock, 0)
            lead = await _still_somebody(box, lead, forward=False)
            await _note(lead, False)
            await load.more(4)
    await check(box.state, load.kept, settled=True)
    async with opened(box.state) as stores:
        assert (await stores.exams.get(ExamId(exam.exam))).state is ExamState.LIVE
        entries = await stores.audit.entries()
    jumps = [e.purpose for e in entries if e.action == "clock-jumped"]
    forward, back = "24 h 0 min forward", "24 h 0 min back"
    assert jumps == [forward, back, back, forward]
    assert [e.sequence for e in entries] == list(range(1, len(entries) + 1))


async def _still_somebody(box: RealBox, lead: BoxApi, *, forward: bool) -> BoxApi:
    """A login lasts 12 h of the wall clock: a day forward ends it, and a new one works."""
    reply = await lead.ask("GET", "/api/v1/box")
    assert reply.status == (401 if forward else 200)
    return await box.login() if forward else lead


async def _latest(box: RealBox, attempts: list[str]) -> int:
    async with opened(box.state) as stores:
        rows = [await stores.snippets.snippets(AttemptId(one)) for one in attempts]
    return max(row.started_ms for of in rows for row in of)


async def _janitor(box: RealBox, clock: Path, *options: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.shifted", str(clock), "appliance.cli.main"),
        *("janitor", "--state", str(box.state), *options),
        cwd=ROOT, env=clean_environment(),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, said = await process.communicate()
    return process.returncode or 0, said.decode()


async def test_nothing_is_purged_by_a_clock_that_jumped(box: RealBox, clock: Path) -> None:
    await box.start()
    lead = await box.login()
    exam = await box.new_exam(lead, SETTINGS, roster(1))
    async with under_load(box, exam) as load:
        await load.more(3)
    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    await box.stop()
    assert (await _janitor(box, clock))[0] == 0
    # An exam of today, to be kept for a day: two days later by the clock, and by nothing else.
    await asyncio.to_thread(_jump, clock, 2 * DAY_S)
    for _ in range(2):
        code, said = await _janitor(box, clock)
        assert code == 4
        assert "jumped by 48 h 0 min forward" in said
        assert "--clock-is-right" in said
        await check(box.state, load.kept, settled=True)
    # Where the time is right as it is, a person says so.
    assert (await _janitor(box, clock, "--clock-is-right"))[0] == 0
    async with opened(box.state) as stores:
        assert (await stores.exams.get(ExamId(exam.exam))).state is ExamState.PURGED


async def test_nothing_is_purged_after_a_start_with_a_clock_far_ahead_that_nobody_keeps(
    tmp_path: Path,
) -> None:
    """A mainboard whose battery is empty may wake up years ahead."""
    now = await asyncio.to_thread(clock_reading)
    before = replace(now, boot="the one before", wall_ms=now.wall_ms - now.running_ms)
    async with opened(tmp_path) as stores:

        async def after(days: float, *, kept: bool, is_right: bool = False) -> str:
            last = replace(before, wall_ms=before.wall_ms - round(1000 * days * DAY_S))
            fact = msgspec.json.encode({"last": last})
            if not is_right:
                await stores.facts.put("janitor.clock", fact)
            return await clock_trouble(stores, is_right=is_right, is_kept=lambda: kept)

        assert await after(10, kept=False) == ""
        assert await after(400, kept=True) == ""
        assert "nothing was deleted by date" in await after(400, kept=False)
        # And so it stays until somebody has looked.
        assert "off for as long" in await clock_trouble(stores, is_right=False)
        (told,) = await clock_checks(stores)
        assert (told.name, "h 0 min forward" in told.detail) == ("retention", True)
        assert await after(400, kept=False, is_right=True) == ""
        assert await clock_trouble(stores, is_right=False) == ""
        assert list(await clock_checks(stores)) == []
