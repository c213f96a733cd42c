"""On a disk of 24 MiB: refused before the databases have no room, taken again when there is."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.integration.gateway.contract import validate
from tests.support.box import RealBox
from tests.support.small_disk import small_disk
from tests.support.tiny_webm import tiny_webm


@pytest.fixture
def disk() -> Iterator[Path]:
    """Needs root, as the box's installation does."""
    with small_disk(24) as made:
        yield made.path


async def test_a_full_disk_is_said_and_costs_nothing(disk: Path) -> None:
    box = RealBox(disk / "box", free_port(), validate=validate)
    await asyncio.to_thread(box.make)
    try:
        await box.start()
        lead = await box.login()
        exam = await box.new_exam(lead, override="the disk is meant to be small")
        page = box.api()
        await page.join(exam.code, exam.seats["A1"], PageKey())
        await page.check_in()
        assert (await page.upload(1, tiny_webm(1))).status == 201

        filler = disk / "filler"
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        await asyncio.to_thread(filler.write_bytes, bytes(free - 900_000))
        full = await page.upload(2, tiny_webm(2))
        assert (full.status, full.code) == (507, "no-room")
        assert (await page.ok("GET", "/api/v1/attempts/me"))["acknowledged"] == 1
        await asyncio.to_thread(filler.unlink)
        assert (await page.upload(2, tiny_webm(2))).json["acknowledged"] == 2
    finally:
        await box.stop()
