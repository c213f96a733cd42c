"""A disk that is full, again and again and whoever writes just then; and one that became
read-only. Real ones: a tmpfs of a few megabytes, and the kernel's own error codes put into the
running gateway."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.rehearsal.free_ports import free_port
from tests.support.box import LEAD, PASSPHRASE, SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.invariants import check
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.under_load import Load, roster, under_load

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")


@pytest.fixture
def small() -> Iterator[SmallDisk]:
    with small_disk(24) as made:
        yield made


@asynccontextmanager
async def _boxed(disk: Path) -> AsyncIterator[RealBox]:
    box = RealBox(disk / "box", free_port())
    await asyncio.to_thread(box.make)
    try:
        yield box
    finally:
        await box.stop()


async def _filled(disk: SmallDisk, times: int) -> None:
    chance = random.Random(9)
    async with _boxed(disk.path) as box:
        await box.start()
        lead = await box.login()
        exam = await box.new_exam(lead, roster=roster(3), override="the disk is meant to be small")
        async with under_load(box, exam) as load:
            for _ in range(times):
                await load.more(chance.randrange(1, 6))
                await asyncio.to_thread(disk.breaks, "full")
                await load.until(_one_more(load, 507))
                # Whoever else wants to write is told the same, and reading goes on.
                await _others_are_told(box, lead, exam, load)
                assert (await lead.ok("GET", "/api/v1/box"))["exams_in_session"] == 1
                await asyncio.to_thread(disk.is_mended)
                await load.more(3)
            assert set(load.answers) <= {201, 507}, load.refusals
            assert load.unreachable == 0
        await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])


async def _others_are_told(box: RealBox, lead: BoxApi, exam: Prepared, load: Load) -> None:
    """What still fits into a page begun goes through; all else is NoRoom."""
    attempt = f"/api/v1/exams/{exam.exam}/attempts/{load.attempts[0]}/acts"
    asked = [
        await lead.ask("POST", "/api/v1/exams", json={"settings_toml": SETTINGS}),
        await lead.ask("POST", attempt, json={"act": "message", "text": "Wait a little."}),
        await lead.ask("POST", attempt, json={"act": "hand_down"}),
        await box.api().ask("POST", "/api/v1/login", json={"user": LEAD, "passphrase": PASSPHRASE}),
    ]
    drafts = [e for e in (await lead.ok("GET", "/api/v1/exams"))["exams"] if e["state"] == "draft"]
    for draft in drafts[:1]:
        path = f"/api/v1/exams/{draft['exam_id']}/roster"
        csv = {"Content-Type": "text/csv; charset=utf-8"}
        asked.append(await lead.ask("PUT", path, data=roster(300).encode(), headers=csv))
    for reply in asked:
        assert reply.status < 300 or (reply.status, reply.code) == (507, "no-room"), reply


def _one_more(load: Load, status: int) -> Callable[[], bool]:
    before = load.answers[status]
    return lambda: load.answers[status] > before


async def test_the_disk_is_full_ten_times_under_load(small: SmallDisk) -> None:
    await _filled(small, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_the_disk_is_full_two_hundred_times_under_load(small: SmallDisk) -> None:
    await _filled(small, 200)


# --- read-only ---------------------------------------------------------------------------------


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
async def test_a_disk_that_turns_read_only_is_said_and_a_start_afterwards_is_whole(
    small: SmallDisk,
) -> None:
    async with _boxed(small.path) as box:
        await box.start()
        lead = await box.login()
        exam = await box.new_exam(lead, roster=roster(2), override="the disk is meant to be small")
        async with under_load(box, exam) as load:
            await load.more(4)
            injecting = await _read_only(box.gateway.pid)
            try:
                await load.until(_one_more(load, 503))
                said = await load.pages[0].upload(999, b"x")
                assert said.status in (400, 415, 503)
                # Whatever fails first, a blob or the database: reading goes on.
                made = await lead.ask("POST", "/api/v1/exams", json={"settings_toml": SETTINGS})
                assert (made.status, made.code) == (503, "disk-failed")
                assert (await lead.ok("GET", "/api/v1/box"))["exams_in_session"] == 1
            finally:
                injecting.send_signal(signal.SIGINT)  # detaches, and the disk is as before
                await injecting.wait()
            await check(box.state, load.kept, settled=False)
            # What failed once is not believed again before a start.
            await box.restart(signal.SIGKILL)
            await load.more(4)
        await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])
        await box.stop()

        await asyncio.to_thread(small.breaks, "read-only")
        with pytest.raises(RuntimeError, match="Read-only file system"):
            await _start_on_read_only(box)
        await asyncio.to_thread(small.is_mended)
        await box.start()
        await check(box.state, load.kept, settled=True)


async def _read_only(pid: int) -> asyncio.subprocess.Process:
    """From now on every change below the state is refused with EROFS, as after `errors=remount-ro`.
    Returns when the gateway is held."""
    calls = "pwrite64,link,mkdir,ftruncate"
    process = await asyncio.create_subprocess_exec(
        *("strace", "-f", "-p", str(pid), "-e", f"trace={calls}"),
        *("-e", f"inject={calls}:error=EROFS", "-o", "/dev/null"),
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    while b"attached" not in await process.stderr.readline():
        pass
    return process


async def _start_on_read_only(box: RealBox) -> None:
    """The log lies on the same disk, so what the gateway says is read from its standard error."""
    process = await asyncio.create_subprocess_exec(
        *box.gateway_command(), stderr=asyncio.subprocess.PIPE, cwd="/"
    )
    _, said = await process.communicate()
    raise RuntimeError(said.decode())
