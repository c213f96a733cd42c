"""When the console gives up a live view whose connection still says it is there."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import av
from blockbuster import BlockingError

from appliance.core.ids import AttemptId, ExamId
from tui.client import BoxClient
from tui.live import LiveView, _beside


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


class OneFrame:
    """A track that sends one picture."""

    async def recv(self) -> av.VideoFrame:
        return av.VideoFrame(64, 48, "rgb24")


async def forever() -> None:
    await asyncio.Event().wait()


async def at_once() -> None:
    pass


def falls(_: Any) -> None:
    raise BlockingError("os.stat")


async def test_a_fall_of_the_receiving_task_ends_the_view_and_is_told() -> None:
    """It was silent: the picture stood still, and five seconds later the relay had the blame."""
    view = LiveView(cast(BoxClient, None), ExamId("exam"), AttemptId("seat"), seen=falls)
    over: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    receiving = _beside(view._receive(OneFrame(), over), over)
    async with asyncio.timeout(60):
        end = await over
    assert receiving.done()
    assert not end.transient  # the next try would fall as well: a person decides
    assert end.why.startswith("The console could not go on with this view (BlockingError).")


async def test_a_task_that_is_cancelled_or_has_done_its_work_tells_nothing() -> None:
    over: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    waiting = _beside(forever(), over)
    await _beside(at_once(), over)
    waiting.cancel()
    await asyncio.wait([waiting])
    assert not over.done()
