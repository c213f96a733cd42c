"""The box notices by itself, with nobody sending, that its disk is full or that the kernel has made
it read-only, and says it to consoles, technician and monitoring. A real file system that fails."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from appliance.core.checkup import CheckStatus
from appliance.core.disk import DiskState
from appliance.processes.checkup_parts import disk_checks
from appliance.rehearsal.free_ports import free_port
from tests.support.box import RealBox
from tests.support.box_api import BoxApi
from tests.support.failing_disk import IS_THERE, FailingDisk, failing_disk
from tests.support.tiny_webm import tiny_webm
from tests.support.under_load import roster, under_load

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not IS_THERE, reason="a disk that fails needs root, loop devices and ext4"
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FailingDisk]:
    with failing_disk(tmp_path / "image", 64) as made:
        yield made


async def _until_told(feed: aiohttp.ClientWebSocketResponse, state: DiskState) -> None:
    async with asyncio.timeout(60):
        while True:
            message: dict[str, Any] = await feed.receive_json()
            data = message["data"]
            if data.get("box", data).get("disk") == state:
                return


async def _figure(box: RealBox, name: str) -> str:
    text = (await box.local_api().ask("GET", "/box/v1/metrics")).body.decode()
    return next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} "))


async def test_a_disk_that_fails_is_noticed_before_anybody_sends(disk: FailingDisk) -> None:
    box = RealBox(disk.path / "box", free_port())
    await asyncio.to_thread(box.make)
    try:
        await box.start()
        lead = await box.login()
        exam = await box.new_exam(lead, roster=roster(1), override="the disk is meant to be small")
        async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
            await _until_told(feed, DiskState.OK)
            async with under_load(box, exam) as load:
                await load.more(2)
            ballast = await asyncio.to_thread(_fill, disk.path)
            await _until_told(feed, DiskState.FULL)
            await asyncio.to_thread(ballast.unlink)
            await _until_told(feed, DiskState.OK)  # by itself
            assert await _figure(box, "hallvakt_disk_writable") == "1.0"

            await asyncio.to_thread(disk.breaks)
            await _until_told(feed, DiskState.READ_ONLY)
            assert await _figure(box, "hallvakt_disk_writable") == "0.0"
            await asyncio.to_thread(_doctor_says_it, box.state)
            page, attempt = load.pages[0], load.attempts[0]
            again = BoxApi(box.origin, box.tls(), token=page.token)
            sent = await again.upload(load.last_sequence[attempt] + 1, tiny_webm(1))
            await again.close()
            assert (sent.status, sent.code) == (503, "disk-failed")
        assert box.gateway.poll() is None
    finally:
        await box.stop()


def _fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(65_536)):
                pass
        except OSError:
            pass
    return ballast


def _doctor_says_it(state: Path) -> None:
    (writes,) = [check for check in disk_checks(state) if check.name == "disk writes"]
    assert (writes.status, writes.detail) == (
        CheckStatus.FAIL, "the disk is read-only: no snippet is taken in",
    )  # fmt: skip
    assert "have the disk looked at" in writes.advice
