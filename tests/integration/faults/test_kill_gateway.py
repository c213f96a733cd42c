"""Signal 9 at the gateway, again and again, while a class sends."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal

import aiohttp
import pytest

from tests.support.box import RealBox
from tests.support.invariants import check
from tests.support.under_load import roster, under_load


async def _killed(box: RealBox, times: int) -> None:
    chance = random.Random(7)
    await box.start()
    exam = await box.new_exam(await box.login(), roster=roster(3))
    async with under_load(box, exam) as load:
        for _ in range(times):
            await load.more(chance.randrange(1, 9))
            await box.restart(signal.SIGKILL)
            await check(box.state, load.kept, settled=True)
        await load.more(8)
        load.stop()
    assert load.unreachable >= times  # somebody was sending whenever it was killed
    # At last in the middle of a close, which the next start finishes.
    lead = await box.login()
    closing = asyncio.create_task(
        lead.ask("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    )
    await asyncio.sleep(chance.random() * 0.1)
    await box.restart(signal.SIGKILL)
    with contextlib.suppress(aiohttp.ClientError, OSError):
        await closing
    await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])
    assert load.acknowledged == len(load.kept.acknowledged) > 2 * times


async def test_the_gateway_is_killed_ten_times_under_load(box: RealBox) -> None:
    await _killed(box, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_the_gateway_is_killed_two_hundred_times_under_load(box: RealBox) -> None:
    await _killed(box, 200)
