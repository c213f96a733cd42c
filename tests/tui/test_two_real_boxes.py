"""Two real boxes, each with its own authority, in front of one console over the network."""

from __future__ import annotations

import asyncio
import signal
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance.core.errors import Unreachable
from appliance.core.ids import ExamId
from tests.support.box import LEAD, PASSPHRASE, SETTINGS, RealBox, running_box
from tests.tui.test_terminal_pictures import until
from tui.box_clock import BoxClock
from tui.box_glance import BoxGlance, BoxState
from tui.client import BoxClient
from tui.shift import Shift
from tui.target import Target

pytestmark = pytest.mark.e2e


def target(box: RealBox, *, believed_by: RealBox | None = None) -> Target:
    return Target(url=box.origin, ca=(believed_by or box).authority)


def glance(client: BoxClient) -> BoxGlance:
    clock = BoxClock(lambda: int(time.time() * 1000))
    return BoxGlance("", Shift(client=client, clock=clock, user=LEAD), ask_every_s=0.1)


async def test_each_is_believed_by_its_own_authority_and_goes_on_without_the_other() -> None:
    async with AsyncExitStack() as stack:
        glances, exams, boxes = [], [], []
        for _ in range(2):
            directory = stack.enter_context(TemporaryDirectory(prefix="hv-"))
            box = await stack.enter_async_context(running_box(Path(directory)))
            client = await stack.enter_async_context(BoxClient(target(box)))
            token = (await client.login(LEAD, PASSPHRASE)).token
            exams.append(ExamId((await box.new_exam(box.api(token), SETTINGS)).exam))
            glances.append(glance(client))
            boxes.append(box)
        mistaken = BoxClient(target(boxes[0], believed_by=boxes[1]))
        async with mistaken:
            with pytest.raises(Unreachable):
                await mistaken.answers()

        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one.run()) for one in glances]
            await until(lambda: [len(one.seats) for one in glances] == [3, 3])
            assert [[exam.exam_id for exam in one.exams] for one in glances] == [[e] for e in exams]
            await boxes[0].stop(signal.SIGKILL)
            await until(lambda: glances[0].state is BoxState.UNREACHABLE)
            await glances[1].look()
            assert (glances[1].state, len(glances[1].seats)) == (BoxState.IN_SESSION, 3)
            for task in running:
                task.cancel()
