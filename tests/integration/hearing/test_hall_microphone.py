"""The hall's microphone through a real PortAudio, from the device to the console's feed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from appliance.adapters.vision.weights import default_directory
from appliance.processes.neighbours import Neighbours
from appliance.rehearsal import material
from appliance.rehearsal.free_ports import free_port
from tests.integration.gateway.contract import check_message
from tests.support.box import (
    ROOT,
    SETTINGS,
    RealBox,
    use_hall_microphone,
    use_workers,
)
from tests.support.file_events import ChangedFiles
from tests.support.media_workers import only_child, until
from tests.support.pulse import DEVICE, Pulse, looped
from tests.support.service_manager import Manager
from tests.support.starting import go

WITH_MICROPHONE = SETTINGS + "hall_microphone = true\n"
MODELS = default_directory()
QUIET, TALK, NOISE = "quiet", "conversation", "noise"


@pytest.fixture(scope="module")
def sounds() -> dict[str, Any]:
    return {name: looped(material.sound(name), 60) for name in (QUIET, TALK, NOISE)}


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    with tempfile.TemporaryDirectory(prefix="hvp") as directory, Pulse(Path(directory)) as server:
        yield server


@pytest_asyncio.fixture
async def box(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealBox]:
    with tempfile.TemporaryDirectory(prefix="hvm") as directory:
        box = RealBox(Path(directory) / "box", free_port())
        await asyncio.to_thread(box.make)
        box.doors_below = Path(directory)
        use_workers(box.state, 0)
        use_hall_microphone(box.state, DEVICE, "Aula")
        try:
            await box.start()
            yield box
        finally:
            await box.stop()


@contextmanager
def hall_audio(
    box: RealBox, pulse: Pulse, beside: dict[str, str] | None = None, *, by_its_door: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    words: tuple[str, ...] = ("--state", str(box.state), "--models", str(MODELS))
    if by_its_door:  # as its unit has it
        words += ("--gateway", str(Neighbours(doors_below=box.doors_below).hall_sound_door))
    command = [sys.executable, "-m", "appliance.processes.hall_audio", *words]
    if shutil.which("systemd-analyze") and os.geteuid() == 0:  # under the rules of its unit
        unit = ROOT / "systemd" / "hallvakt-hall-audio.service"
        command = [sys.executable, "-m", "tests.support.unit_sandbox", str(unit), *command]
    process = subprocess.Popen(
        command, cwd=ROOT, env=pulse.environment | (beside or {}) | {"PYTHONPATH": str(ROOT)}
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


class Told:
    """The console's feed, read as it comes."""

    def __init__(self, feed: aiohttp.ClientWebSocketResponse) -> None:
        self._feed = feed

    async def until(self, kind: str, /, **fields: Any) -> dict[str, Any]:
        """The data of the next message of that kind with these fields."""
        async with asyncio.timeout(60):
            while True:
                message = await self._feed.receive_json()
                check_message("FeedMessage", message)
                data: dict[str, Any] = message["data"]
                if message["kind"] == kind and fields.items() <= data.items():
                    return data


async def test_from_the_device_to_the_console_unplugged_and_back(
    box: RealBox, pulse: Pulse, sounds: dict[str, Any]
) -> None:
    lead = await box.login()
    pulse.plug()
    await asyncio.to_thread(pulse.play, sounds[QUIET])
    files = [box.state, pulse.directory]
    exam = await box.new_exam(lead, WITH_MICROPHONE, to="open")
    with hall_audio(box, pulse, by_its_door=True) as process:
        await asyncio.sleep(3)
        assert pulse.listeners() == 0  # not live yet: the device is not open
        async with lead.websocket(f"/api/v1/exams/{exam.exam}/feed") as feed:
            told = Told(feed)
            await told.until("snapshot")
            await go(lead, exam.exam, "live")
            await told.until("box", hall_microphone="heard")
            assert pulse.listeners() == 1
            with ChangedFiles(*files) as changed:
                await asyncio.to_thread(pulse.play, sounds[TALK])
                talk = await told.until("hall_event", kind="hall_conversation")
                await asyncio.to_thread(pulse.play, sounds[NOISE])
                noise = await told.until("hall_event", kind="hall_noise")
                written = {name for name in changed.names() if not _of_others(name)}
            assert written <= {"native", "cookie"}, written
            for event in (talk, noise):
                assert event["hall"] == "Aula"
                assert event["seats"] == []
                assert abs(event["last_ms"] - time.time() * 1000) < 60_000
            _writes_nothing(process.pid)

            pulse.unplug()
            warning = await told.until("notice")
            assert "hall microphone is not heard" in warning["text"]
            await told.until("box", hall_microphone="not_heard")
            assert pulse.listeners() == 0
            pulse.plug()
            await asyncio.to_thread(pulse.play, sounds[QUIET])
            assert "heard again" in (await told.until("notice"))["text"]
            await told.until("box", hall_microphone="heard")
        await go(lead, exam.exam, "closed")
        await until(lambda: pulse.listeners() == 0)
        assert process.poll() is None


async def test_an_exam_without_the_setting_opens_nothing_and_keeps_nothing(
    box: RealBox, pulse: Pulse
) -> None:
    pulse.plug()
    lead = await box.login()
    exam = await box.new_exam(lead)
    elsewhere = WITH_MICROPHONE
    other = await box.new_exam(
        lead, elsewhere, "name,number,seat,hall,extra_minutes\nCanary Testperson,1,A1,Annex,0\n"
    )
    manager = Manager(box.state / "notify")
    with hall_audio(box, pulse, manager.environment) as process:
        # It says so when it is there, and gives a sign of life with each question to the gateway.
        await asyncio.to_thread(manager.ready, process.pid)
        for _ in range(2):
            await asyncio.to_thread(manager.hears, process.pid)
        assert pulse.listeners() == 0
        os.kill(only_child(process.pid), signal.SIGSTOP)  # as a device that hangs
        await asyncio.to_thread(manager.misses, process.pid, 3.0)
        os.kill(only_child(process.pid), signal.SIGCONT)
        await asyncio.to_thread(manager.hears, process.pid)
    manager.close()
    # And what is sent all the same is dropped unread.
    window = {
        "started_ms": round(time.time() * 1000),
        "length_s": 9.0,
        "level_dbfs": -3.0,
        "voice": 1.0,
    }
    windows = [window | {"started_ms": window["started_ms"] + n * 9_000 - 27_000} for n in range(3)]
    local = box.local_api()
    said = await local.ok("POST", "/box/v1/hall-sound", json={"heard": True, "windows": windows})
    assert said == {"listen": False}
    for each in (exam, other):
        async with lead.websocket(f"/api/v1/exams/{each.exam}/feed") as feed:
            assert (await Told(feed).until("snapshot"))["hall_events"] == []


async def test_nobody_reports_over_the_network(box: RealBox) -> None:
    refused = await box.api().ask("POST", "/box/v1/hall-sound", json={"heard": True, "windows": []})
    assert refused.status in (403, 404)


async def test_a_box_without_a_microphone_refuses_the_setting(
    box: RealBox,
) -> None:
    await box.stop()
    use_hall_microphone(box.state, "", "")
    await box.start()
    lead = await box.login()
    refused = await lead.ask("POST", "/api/v1/exams", json={"settings_toml": WITH_MICROPHONE})
    assert (refused.status, refused.code) == (400, "no-hall-microphone")


def _of_others(name: str) -> bool:
    """Of the gateway's database and log, and what this test plays."""
    return name.endswith((".db", ".db-wal", ".db-shm", ".log", ".wav"))


def _writes_nothing(pid: int) -> None:
    """The kernel's own account of the process that listens, and of what it may."""
    child = only_child(pid)
    limits = Path(f"/proc/{child}/limits").read_text().splitlines()
    (size,) = (line.split()[3:5] for line in limits if line.startswith("Max file size"))
    assert size == ["0", "0"]
    for number in os.listdir(f"/proc/{child}/fd"):
        target = os.readlink(f"/proc/{child}/fd/{number}")
        assert not target.startswith("/") or not os.path.isfile(target), target
