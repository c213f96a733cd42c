"""Nine live views at once through the real coturn and the real gateway."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from appliance.core.ids import ExamId
from tests.support.box import LEAD, PASSPHRASE, RealBox
from tests.support.box_api import BoxApi
from tests.tui.test_real_box import SETTINGS, a_candidate, attempt_at, real_box  # noqa: F401
from tui.client import BoxClient
from tui.live import LiveView, Phase
from tui.target import Target
from tui.wall_layout import MOST_TILES

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SEATS = [f"A{n}" for n in range(1, MOST_TILES + 1)]
ROSTER = "\n".join(
    ["name,number,seat,hall", *(f"Canary {seat},{seat},{seat},Aula" for seat in SEATS), ""]
)


async def nobody_looks(page: BoxApi) -> None:
    for _ in range(600):
        if not (await page.ok("GET", "/api/v1/attempts/me"))["watchers"]:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("a view is still open")


async def test_nine_at_once_all_show_and_all_end(real_box: RealBox) -> None:  # noqa: F811
    lead = await real_box.login()
    exam = await real_box.new_exam(lead, SETTINGS, ROSTER, to="live")
    exam_id = ExamId(exam.exam)
    async with AsyncExitStack() as hall:
        client = await hall.enter_async_context(
            BoxClient(Target(url=real_box.origin, ca=real_box.authority))
        )
        await client.login(LEAD, PASSPHRASE)
        pages = [
            await hall.enter_async_context(a_candidate(real_box, exam, seat)) for seat in SEATS
        ]
        views = [
            LiveView(client, exam_id, await attempt_at(client, exam.exam, seat)) for seat in SEATS
        ]
        looking = [asyncio.create_task(view.run()) for view in views]
        async with asyncio.timeout(120):
            while not all(view.frames >= 3 for view in views):
                assert not any(task.done() for task in looking)
                await asyncio.sleep(0.05)
        assert all(view.phase is Phase.SHOWING for view in views)
        assert all(view.take_picture(20, 8) is not None for view in views)
        told = [(await page.ok("GET", "/api/v1/attempts/me"))["watchers"] for page in pages]
        assert told == [1] * MOST_TILES  # each candidate is told
        for task in looking:
            task.cancel()
        await asyncio.gather(*looking, return_exceptions=True)
        assert all(view.take_picture(20, 8) is None for view in views)
        for page in pages:
            await nobody_looks(page)
