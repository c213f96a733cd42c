"""Signal 9 at everything around the gateway while a class sends: it costs nobody a snippet.

One exam. In every round these are killed and come back: the relay, the decoder, which is what
hostile media would end, the media worker as a whole, the janitor and the restore drill at their
work, the hall's microphone and an invigilator's console. (What writes firewall and certificates:
test_kill_oneshots.py; what tells the fleet: tests/integration/night/test_report_killed.py.)
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from tests.support.around_the_box import TerminalConsole, children, relays
from tests.support.box import (
    ROOT,
    SETTINGS,
    RealBox,
    clean_environment,
    use_hall_microphone,
    use_workers,
)
from tests.support.box_api import BoxApi
from tests.support.gone import is_gone
from tests.support.invariants import check
from tests.support.media_workers import until
from tests.support.preloaded import Forked, Preloaded
from tests.support.pulse import DEVICE, Pulse
from tests.support.under_load import Load, roster, under_load

_SETTINGS = (
    SETTINGS
    + """live_view = true
hall_microphone = true

[capture]
snippet_seconds = 5
"""
)
_CANDIDATES = 8  # of fewer each would soon have sent more than it can have recorded
_SOON_S = 90.0
_ROUND_S = 0.3  # about what one of the janitor or the drill takes here
_WORKER, _AUDIO = "appliance.processes.media_worker", "appliance.processes.hall_audio"
_COMMAND = "appliance.cli.main"
_IMPORTED_AT_WORK = (
    *("cv2", "appliance.processes.analysis.answering"),
    *("appliance.cli.janitor", "appliance.cli.backup"),
)

pytestmark = pytest.mark.skipif(shutil.which("pulseaudio") is None, reason="needs PulseAudio")


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    with tempfile.TemporaryDirectory(prefix="hvp") as directory, Pulse(Path(directory)) as server:
        yield server


class Around:
    """What runs around the gateway while this is entered. A method named after one kills it and
    sees to it that it comes back."""

    def __init__(
        self, box: RealBox, lead: BoxApi, code: str, pulse: Pulse, load: Load, preloaded: Preloaded
    ) -> None:
        self._box, self._lead, self._code, self._load = box, lead, code, load
        state, models = str(box.state), str(box.models)
        self._start_audio = partial(
            preloaded.start, _AUDIO, "--state", state, "--models", models,
            environment=pulse.environment,
        )  # fmt: skip
        socket = str(box.state / "run" / "media-worker-0.sock")
        self._start_worker = partial(
            preloaded.start, _WORKER, "--socket", socket, "--models", models
        )
        self._start_janitor = partial(preloaded.start, _COMMAND, "janitor", "--state", state)
        self._start_drill = partial(preloaded.start, _COMMAND, "backup", "drill", "--state", state)
        self._audio: Forked
        self._worker = Forked(box.worker_processes[0].pid)
        self._console: TerminalConsole
        self.kills: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        self._audio = await asyncio.to_thread(self._start_audio)
        self._console = TerminalConsole(self._box, self._code)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._console.killed()

    async def relay(self) -> None:
        pid = await self._relay()
        os.kill(pid, signal.SIGKILL)
        self.kills["relay"] += 1
        await self._relay(but=pid)

    async def decoder(self) -> None:
        (decoder,) = await self._children_of(self._worker)
        os.kill(decoder, signal.SIGKILL)
        self.kills["decoder"] += 1

    async def worker(self) -> None:
        await self._killed("worker", self._worker)
        self._worker = await asyncio.to_thread(self._start_worker)

    async def janitor(self) -> None:
        await self._killed_at_work("janitor", self._start_janitor)

    async def drill(self) -> None:
        await self._killed_at_work("drill", self._start_drill)

    async def hall_microphone(self) -> None:
        (listens,) = await self._children_of(self._audio)
        await self._killed("hall_microphone", self._audio)
        await until(partial(is_gone, listens), _SOON_S)  # the device is closed
        self._audio = await asyncio.to_thread(self._start_audio)

    async def console(self) -> None:
        await self._is("consoles", 1)
        await self._console.killed()
        self.kills["console"] += 1
        await self._is("consoles", 0)
        self._console = TerminalConsole(self._box, self._code)

    async def all_back(self) -> None:
        await self._relay()
        await self._is("workers", 1)
        await self._is("consoles", 1)
        await self._is("hall_microphone", "heard")

    async def _killed_at_work(self, name: str, start: Callable[[], Forked]) -> None:
        running = await asyncio.to_thread(start)
        await asyncio.sleep(random.random() * _ROUND_S)  # anywhere in its work
        await self._killed(name, running)

    async def _killed(self, name: str, process: Forked) -> None:
        await asyncio.to_thread(process.kill)
        self.kills[name] += 1

    async def _children_of(self, process: Forked) -> list[int]:
        found: list[int] = []

        def one() -> bool:
            found[:] = children(process.pid)
            return bool(found)

        await until(one, _SOON_S)
        return found

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
    for _ in range(rounds):
        await load.more(chance.randrange(1, 6))
        await around.relay()
        await around.decoder()
        await around.worker()
        await around.hall_microphone()
        await around.janitor()
        await around.drill()
        await around.console()
    await around.all_back()


async def _a_drill_comes_through(state: Path) -> None:
    """And says that one before it did not, where one left its copies; nothing of any is left."""
    left = list((state / "run" / "night").glob("drill-*"))
    words = (sys.executable, "-m", _COMMAND, "backup", "drill", "--state", str(state))
    done = await asyncio.to_thread(
        subprocess.run, words, capture_output=True, text=True, cwd=ROOT, env=clean_environment()
    )
    assert done.returncode == 0, done.stderr
    assert ("was ended in the middle" in done.stdout) == bool(left)
    assert not list((state / "run" / "night").glob("drill-*"))


async def _killed(box: RealBox, pulse: Pulse, rounds: int) -> None:
    use_workers(box.state, 1)
    use_hall_microphone(box.state, DEVICE, "Aula")
    await asyncio.to_thread(_make_audible, pulse)
    box.workers = 1
    with await asyncio.to_thread(Preloaded, _WORKER, _AUDIO, _COMMAND, *_IMPORTED_AT_WORK) as ready:
        await box.start()
        lead = await box.login()
        exam = await box.new_exam(lead, _SETTINGS, roster(_CANDIDATES))
        async with (
            under_load(box, exam) as load,
            Around(box, lead, exam.code, pulse, load, ready) as around,
        ):
            await _in_rounds(around, load, rounds)
            each = ("relay", "decoder", "worker", "hall_microphone", "janitor", "drill", "console")
            assert around.kills == dict.fromkeys(each, rounds)
            assert box.gateway.poll() is None
            await load.more(4)
        assert set(load.answers) == {201}, load.refusals
        assert load.unreachable == 0
        await check(box.state, load.kept, settled=True, reviewer=box.school["reviewer"])
        await _a_drill_comes_through(box.state)
        await box.stop()  # while its worker is there to end its work


async def test_everything_around_the_gateway_is_killed_ten_times_under_load(
    box: RealBox, pulse: Pulse
) -> None:
    await _killed(box, pulse, 10)


@pytest.mark.soak
@pytest.mark.timeout(4 * 3600)
async def test_everything_around_the_gateway_is_killed_two_hundred_times(
    box: RealBox, pulse: Pulse
) -> None:
    await _killed(box, pulse, 200)
