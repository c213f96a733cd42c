"""Signal 9 at what tells the fleet how the box is, anywhere in its work: the list holds the box
once and whole, and what was not told is still due. Real processes, a real database.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from pathlib import Path

import pytest

from appliance.config.box import CloudConfig
from appliance.processes.fleet import fleet
from appliance.processes.record_preparation import prepare_records
from appliance.processes.syncer import Syncer, syncer
from tests.support.closed_exam import closed_exam
from tests.support.preloaded import Forked, Preloaded

_COMMAND = "appliance.cli.main"


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


async def _killed(state: Path, config: CloudConfig, kills: int) -> None:
    await prepare_records(config)
    made = await closed_exam(state, config, candidates=1)
    words = ("fleet", "report", "--timer", "--state", str(state))
    chance = random.Random(7)
    with await asyncio.to_thread(Preloaded, _COMMAND, "appliance.cli.fleet") as ready:

        async def begun(night: Syncer) -> Forked:
            await night.report_due.let_in()  # as the round before it does
            return await asyncio.to_thread(ready.start, _COMMAND, *words)

        async with syncer(state, signer=made.signer) as night:
            began = time.monotonic()
            whole = await begun(night)
            await asyncio.to_thread(whole.ended)
            took_s = time.monotonic() - began
            (before,) = await fleet(config)
            killed = cut = 0
            while killed < kills:
                began_ms = _now_ms()
                report = await begun(night)
                await asyncio.sleep(chance.random() * took_s)
                try:
                    os.kill(report.pid, signal.SIGKILL)
                    killed += 1
                except ProcessLookupError:
                    pass  # was done already: another one
                await asyncio.to_thread(report.ended)
                (said,) = await fleet(config)
                assert said.health.box_id == made.box_id
                assert said.health.at_ms >= before.health.at_ms
                due = await night.report_due()
                assert due or said.health.at_ms >= began_ms
                cut += due
                before = said
            assert cut  # not all of them came too late to matter
            await asyncio.to_thread((await begun(night)).ended)
            assert not await night.report_due()
            (said,) = await fleet(config)
            assert said.health.at_ms > before.health.at_ms


async def test_the_fleet_s_report_is_killed_ten_times(
    state: Path, cloud_config: CloudConfig
) -> None:
    await _killed(state, cloud_config, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_the_fleet_s_report_is_killed_two_hundred_times(
    state: Path, cloud_config: CloudConfig
) -> None:
    await _killed(state, cloud_config, 200)
