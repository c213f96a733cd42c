"""Signal 9 at everything around the gateway while a class sends: it costs nobody a snippet.

One exam. In every round the relay and the decoder, which is what hostile media would end, are
killed and come back by themselves. And in turn one of those whose start takes a second or more: the
media worker as a whole, the janitor at its work, the hall's microphone, an invigilator's console.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from tests.support.around_the_box import TerminalConsole, children, hall_audio, janitor, relays
from tests.support.box import SETTINGS, RealBox, use_hall_microphone, use_workers
from tests.support.box_api import BoxApi
from tests.support.invariants import check
from tests.support.media_workers import until
from tests.support.pulse import DEVICE, Pulse
from tests.support.under_load import Load, roster, under_load

_SETTINGS = SETTINGS + "live_view = true\nhall_microphone = true\n"
_SOON_S = 90.0

pytestmark = pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="needs PulseAudio")


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    with tempfile.TemporaryDirectory(prefix="hvp") as directory, Pulse(Path(directory)) as server:
        yield server


class Around:
    """What runs around the gateway while this is entered. A method named after one kills it and
    sees to it that it comes back."""

    def __init__(self, box: RealBox, lead: BoxApi, code: str, pulse: Pulse, load: Load) -> None:
        self._box, self._lead, self._code, self._load = box, lead, code, load
        self._start_audio = partial(hall_audio, box, pulse.environment)
        self._audio: subprocess.Popen[bytes]
        self._console: TerminalConsole
        self.kills = 0

    async def __aenter__(self) -> Self:
        self._audio = await asyncio.to_thread(self._start_audio)
        self._console = TerminalConsole(self._box, self._code)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._audio.kill()
        await asyncio.to_thread(self._audio.wait)
        await self._console.killed()

    async def relay(self) -> None:
        pid = await self._relay()
        os.kill(pid, signal.SIGKILL)
        self.kills += 1
        await self._relay(but=pid)

    async def decoder(self) -> None:
        worker = self._box.worker_processes[0]
        await until(lambda: bool(children(worker)), _SOON_S)
        os.kill(children(worker)[0], signal.SIGKILL)
        self.kills += 1

    async def worker(self) -> None:
        await self._ended(self._box.worker_processes[0])
        await asyncio.to_thread(self._box.start_worker_again, 0)

    async def janitor(self) -> None:
        running = await asyncio.to_thread(janitor, self._box)
        await self._load.more(2)
        await self._ended(running)

    async def hall_microphone(self) -> None:
        await until(lambda: bool(children(self._audio)), _SOON_S)
        (listens,) = children(self._audio)
        await self._ended(self._audio)
        await until(lambda: not Path(f"/proc/{listens}").exists(), _SOON_S)  # the device is closed
        self._audio = await asyncio.to_thread(self._start_audio)

    async def console(self) -> None:
        await self._is("consoles", 1)
        await self._console.killed()
        self.kills += 1
        await self._is("consoles", 0)
        self._console = TerminalConsole(self._box, self._code)

    async def all_back(self) -> None:
        await self._relay()
        await self._is("workers", 1)
        await self._is("consoles", 1)
        await self._is("hall_microphone", "heard")

    async def _ended(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        await asyncio.to_thread(process.wait)
        self.kills += 1

    async def _is(self, field: str, wanted: object) -> None:
        async with asyncio.timeout(_SOON_S):
            while (await self._lead.ok("GET", "/api/v1/box"))[field] != wanted:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _relay(self, *, but: int = 0) -> int:
        """The one that runs, and is another one; the one before it may still be going."""
        found: list[int] = []

        def one() -> bool:
            found[:] = relays(self._box)
            return len(found) == 1 and found != [but]

        await until(one, _SOON_S)
        return found[0]


def _make_audible(pulse: Pulse) -> None:
    pulse.plug()
    pulse.hum()


async def _in_rounds(around: Around, load: Load, rounds: int) -> None:
    chance = random.Random(11)
    in_turn: list[Callable[[], Awaitable[None]]] = [
        around.worker, around.hall_microphone, around.console, around.janitor,
    ]  # fmt: skip
    for number in range(rounds):
        await load.more(chance.randrange(1, 6))
        await around.relay()
        await around.decoder()
        await in_turn[number % len(in_turn)]()
    await around.all_back()


async def _killed(box: RealBox, pulse: Pulse, rounds: int) -> None:
    use_workers(box.state, 1)
    use_hall_microphone(box.state, DEVICE, "Aula")
    await asyncio.to_thread(_make_audible, pulse)
    box.workers = 1
    await box.start()
    lead = await box.login()
    exam = await box.new_exam(lead, _SETTINGS, roster(2))
    async with (
        under_load(box, exam) as load,
        Around(box, lead, exam.code, pulse, load) as around,
    ):
        await _in_rounds(around, load, rounds)
        assert around.kills == 3 * rounds
        assert box.gateway.poll() is None
        await load.more(4)
    await box.close_apis()  # in the loop they were opened in: the lead's line is not idle
    assert set(load.answers) == {201}, load.refusals
    assert load.unreachable == 0
    await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])


async def test_everything_around_the_gateway_is_killed_under_load(
    box: RealBox, pulse: Pulse
) -> None:
    """Relay and decoder ten times, the others two or three times each."""
    await _killed(box, pulse, 10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_everything_around_the_gateway_is_killed_ten_times_each(
    box: RealBox, pulse: Pulse
) -> None:
    await _killed(box, pulse, 40)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
async def test_everything_around_the_gateway_is_killed_two_hundred_times_each(
    box: RealBox, pulse: Pulse
) -> None:
    await _killed(box, pulse, 800)
