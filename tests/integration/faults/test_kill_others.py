"""Signal 9 at everything around the gateway while a class sends: it costs nobody a snippet."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.box import ROOT, SETTINGS, RealBox, clean_environment, use_workers
from tests.support.invariants import check
from tests.support.media_workers import until
from tests.support.traffic import processes
from tests.support.under_load import roster, under_load

_SETTINGS = SETTINGS + "live_view = true\n"


def _relays(box: RealBox) -> list[int]:
    """coturn's words name no directory; it stands in the box's."""
    found = []
    for pid in processes("turnserver"):
        try:
            if os.readlink(f"/proc/{pid}/cwd").startswith(str(box.state)):
                found.append(pid)
        except OSError:
            continue
    return found


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def _janitor(box: RealBox) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "appliance.cli.main", "janitor", "--state", str(box.state)]
    return subprocess.Popen(
        command, cwd=ROOT, env=clean_environment(),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


async def _killed(box: RealBox, times: int, *, whole_worker_every: int) -> None:
    """Each time the relay and the decoder, which is what hostile media would end; now and then the
    worker around it and the janitor, whose starts take a second each."""
    chance = random.Random(11)
    use_workers(box.state, 1)
    box.workers = 1
    await box.start()
    lead = await box.login()
    exam = await box.new_exam(lead, _SETTINGS, roster(2))
    async with under_load(box, exam) as load:
        for number in range(times):
            janitor = None
            if number % whole_worker_every == 0:
                janitor = await asyncio.to_thread(_janitor, box)
            await until(lambda: len(_relays(box)) == 1)
            (relay,) = _relays(box)
            await load.more(chance.randrange(2, 8))
            _kill(relay)
            if janitor is not None:
                await _restart_worker(box)
                janitor.kill()
                await asyncio.to_thread(janitor.wait)
            else:
                await until(lambda: bool(_decoder(box)))
                _kill(_decoder(box)[0])
            await load.more(2)
            await until(lambda relay=relay: _relays(box) not in ([], [relay]))  # type: ignore[misc]
        assert box.gateway.poll() is None
    assert set(load.answers) == {201}, load.refusals
    assert load.unreachable == 0
    await until(lambda: box.log().count("media worker connected") >= 2)
    await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])


def _decoder(box: RealBox) -> list[int]:
    pid = box.worker_processes[0].pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def _restart_worker(box: RealBox) -> None:
    """The supervisor's part, without its pauses."""
    worker = box.worker_processes[0]
    worker.kill()
    await asyncio.to_thread(worker.wait)
    await asyncio.to_thread(box.start_worker_again, 0)


async def test_worker_relay_and_janitor_are_killed_ten_times(box: RealBox) -> None:
    await _killed(box, 10, whole_worker_every=4)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_worker_relay_and_janitor_are_killed_two_hundred_times(box: RealBox) -> None:
    await _killed(box, 200, whole_worker_every=2)
