"""When the console gives up a live view whose connection still says it is there."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import av

from appliance.core.ids import AttemptId, ExamId
from tui.client import BoxClient
from tui.live import LiveView


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


async def test_a_picture_that_grows_old_ends_the_view_and_a_fresh_one_does_not() -> None:
    clock = Clock()
    nobody = cast(BoxClient, None)
    view = LiveView(nobody, ExamId("exam"), AttemptId("seat"), frame_clock=clock)
    over: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    watchdog = asyncio.create_task(view._watchdog(over))
    try:
        view._meter.add(av.VideoFrame(64, 48, "rgb24"))
        clock.now += 4.9
        await asyncio.wait([over], timeout=0.6)  # it looked at least once
        assert not over.done()
        clock.now += 0.2
        async with asyncio.timeout(60):
            end = await over
        assert (end.transient, end.why.startswith("No picture for 5 seconds")) == (True, True)
    finally:
        watchdog.cancel()
