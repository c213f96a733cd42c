"""What other users than the gateway get at the doors it opens for them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from appliance.processes.gateway_signer import DOOR
from appliance.processes.neighbours import Neighbours
from appliance.rehearsal.free_ports import free_port
from tests.support.apart import DATA, GATEWAY, become, bring_over, of_one_user, somewhere
from tests.support.box import RealBox, use_workers
from tests.support.unix_asking import ASK

_SOMEBODY, _ITS_GROUP, _ANOTHER_GROUP = 64201, 64202, 64203
_HALL_SOUND = "/box/v1/hall-sound"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


@pytest_asyncio.fixture
async def doors() -> AsyncIterator[tuple[Neighbours, RealBox]]:
    with tempfile.TemporaryDirectory(prefix="hvd") as directory:
        below = await asyncio.to_thread(_of_a_group, Path(directory))
        box = RealBox(Path(directory) / "box", free_port(), doors_below=below)
        await asyncio.to_thread(box.make, recipients=False)
        use_workers(box.state, 0)
        await box.start()
        try:
            yield Neighbours(doors_below=below), box
        finally:
            await box.stop()


async def test_each_door_lets_its_group_in_and_leads_to_its_own_things(
    doors: tuple[Neighbours, RealBox],
) -> None:
    beside, box = doors
    for door, method, path, status in (
        (beside.console_door, "GET", "/health", "200"),
        (beside.console_door, "GET", "/api/v1/exams", "401"),  # until somebody logs in
        (beside.console_door, "POST", _HALL_SOUND, "403"),
        (beside.console_door, "POST", "/box/v1/sign", "403"),
        (beside.console_door, "GET", "/box/v1/metrics", "403"),
        (beside.hall_sound_door, "POST", _HALL_SOUND, "400"),  # asked, but not in the right words
        (beside.hall_sound_door, "POST", "/box/v1/sign", "404"),
        (beside.hall_sound_door, "GET", "/box/v1/metrics", "404"),
        (beside.hall_sound_door, "GET", "/health", "404"),
        (beside.hall_sound_door, "GET", "/api/v1/exams", "404"),
        (box.socket, "GET", "/health", "PermissionError"),
    ):
        assert door is not None
        assert await _asked(door, method, path, _ITS_GROUP) == status, (door, path)
    for door in (beside.console_door, beside.hall_sound_door):
        assert door is not None
        assert await _asked(door, "GET", "/health", _ANOTHER_GROUP) == "PermissionError"


async def test_the_night_s_door_signs_for_the_group_of_the_data_and_does_nothing_else() -> None:
    with somewhere() as directory:
        box = RealBox(directory / "box", free_port())
        await asyncio.to_thread(box.make, recipients=False)
        use_workers(box.state, 0)
        await asyncio.to_thread(of_one_user, box.state)
        assert (await asyncio.to_thread(bring_over, box.state)).returncode == 0
        box.gateway_under = tuple(become(GATEWAY))
        await box.start()
        try:
            door = box.state / DOOR
            for method, path, status in (
                ("POST", "/box/v1/sign", "400"),  # asked, but not in the right words
                ("POST", _HALL_SOUND, "404"),
                ("GET", "/box/v1/metrics", "404"),
                ("GET", "/health", "404"),
                ("GET", "/api/v1/exams", "404"),
            ):
                assert await _asked(door, method, path, DATA) == status, path
            assert await _asked(box.socket, "GET", "/health", DATA) == "PermissionError"
            assert await _asked(door, "POST", "/box/v1/sign", _ITS_GROUP) == "PermissionError"
        finally:
            await box.stop()


async def _asked(door: Path, method: str, path: str, group: int) -> str:
    as_somebody = ("--as", str(_SOMEBODY), str(group))
    words = [sys.executable, "-c", ASK, *as_somebody, str(door), method, path]
    done = await asyncio.to_thread(
        subprocess.run, words, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _of_a_group(directory: Path) -> Path:
    directory.chmod(0o711)
    below = directory / "doors"  # as systemd makes it: RuntimeDirectoryMode=0750
    below.mkdir()
    os.chown(below, 0, _ITS_GROUP)
    below.chmod(0o2750)  # so that what the gateway makes there is its group's, as in its unit
    return below
