"""A gateway that stands still for a while, and a line that loses and delays: both are neutral."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.box import ROOT, RealBox, clean_environment
from tests.support.invariants import Kept, check
from tests.support.lossy_class import ONE_WAY_S, PAGES
from tests.support.service_manager import Manager
from tests.support.under_load import roster, under_load

_WATCHDOG_S = 0.3


async def _paused(box: RealBox, seconds: float, times: int) -> None:
    """Stopped by the kernel in the middle of uploads: nothing is refused, lost or doubled, and the
    consoles' feed goes on."""
    await box.start()
    lead = await box.login()
    exam = await box.new_exam(lead, roster=roster(3))
    async with (
        lead.websocket(f"/api/v1/exams/{exam.exam}/feed", heartbeat=2 * seconds + 30) as feed,
        under_load(box, exam) as load,
    ):
        for _ in range(times):
            await load.more(6)
            box.gateway.send_signal(signal.SIGSTOP)
            before = load.acknowledged
            await asyncio.sleep(seconds)
            assert load.acknowledged - before <= len(load.pages)  # it did stand still
            box.gateway.send_signal(signal.SIGCONT)
            await load.more(6)
        assert not feed.closed
        assert json.loads(await feed.receive_str())["seq"]
    assert set(load.answers) == {201}, load.refusals
    assert load.unreachable == 0
    await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])


async def test_the_gateway_is_paused_ten_times(box: RealBox) -> None:
    await _paused(box, 0.2, 10)


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_the_gateway_is_paused_for_thirty_seconds(box: RealBox) -> None:
    await _paused(box, 30.0, 3)


async def test_one_that_stands_still_for_longer_than_its_watchdog_waits_is_started_again(
    box: RealBox, tmp_path: Path
) -> None:
    """What systemd does after 30 s of silence, here after a shorter one; by the real systemd in
    tests/machine."""
    manager = Manager(tmp_path / "notify")
    box.environment = manager.environment | {"WATCHDOG_USEC": str(round(_WATCHDOG_S * 1e6))}
    try:
        await box.start()
        exam = await box.new_exam(await box.login(), roster=roster(3))
        async with under_load(box, exam) as load:
            await asyncio.to_thread(manager.hears, box.gateway.pid)
            await load.more(6)
            box.gateway.send_signal(signal.SIGSTOP)
            await asyncio.to_thread(manager.misses, box.gateway.pid, 3 * _WATCHDOG_S)
            await box.restart(signal.SIGKILL)  # WatchdogSignal= does nothing to one that is stopped
            await asyncio.to_thread(manager.hears, box.gateway.pid)
            lead = await box.login()  # before that nobody is shown anything
            assert (await lead.ok("GET", "/api/v1/box"))["exams_in_session"] == 1
            await load.more(6)
        assert set(load.answers) <= {201, 423}, load.refusals
        assert load.unreachable > 0
        await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])
    finally:
        await asyncio.to_thread(manager.close)


async def _on_a_bad_line(box: RealBox, snippets: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *("unshare", "-n", sys.executable, "-m", "tests.support.lossy_class"),
        *(str(box.state), str(box.port), str(snippets)),
        cwd=ROOT, env=clean_environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    out, said = await process.communicate()
    assert process.returncode == 0, said.decode()[-2000:]
    told = json.loads(out)
    assert set(told["answers"]) == {"201"}
    kept = Kept(acknowledged={(a, n): digest for a, n, digest in told["acknowledged"]})
    assert len(kept.acknowledged) >= snippets
    assert len(told["lost"]) == 2  # both ways
    assert min(told["lost"]) > 0
    # Somebody sent that many one after the other, each over the line and back.
    assert told["seconds"] >= snippets / PAGES * 2 * ONE_WAY_S
    await check(box.state, kept, settled=True, reviewer=box.school["reviewer"])


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
async def test_five_percent_loss_and_300_ms(box: RealBox) -> None:
    await _on_a_bad_line(box, 16)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
async def test_five_percent_loss_and_300_ms_for_long(box: RealBox) -> None:
    await _on_a_bad_line(box, 2000)
