"""A decoder that dies of what it was sent: replaced within a second, counted, nothing else harmed.

The supervisor, the worker, its sandbox and its limits are the real ones. No published decoder
crashes to order, so for the ways to die the decoding itself is replaced by code that does what a
hostile file would make a broken one do.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from pathlib import Path

import pytest

from appliance.adapters.host import sandbox
from appliance.adapters.vision.weights import default_directory
from appliance.adapters.workers.pool import WorkerPool
from appliance.core.messages import FilmStripMade, MakeFilmStrip, WorkerFailed, WorkerReply
from tests.support import clips
from tests.support.media_workers import only_child
from tests.support.stopwatch import Stopwatch

ROOT = Path(__file__).parents[3]
MODELS = default_directory()
WITHIN_S = 1.0

# The media worker as it is, but for what decoding does with its media.
BROKEN = """
import ctypes, numpy, os, sys, time
from appliance.core.messages import FilmStripMade
from appliance.processes import media_worker
from appliance.processes.analysis import film_strip, request_limits

def make(request):
    match request.media:
        case b"write through a null pointer": ctypes.memset(0, 1, 1)
        case b"call abort": os.abort()
        case b"leave": os._exit(0)
        case b"compute for ever":
            while True: pass
        case b"wait for ever": time.sleep(600)
        case b"eat memory":
            eaten = []
            while True: eaten.append(numpy.zeros(2**23))
    return FilmStripMade(stills=())

film_strip.make = make
request_limits.limited.__wrapped__.__defaults__ = (0.3, 2.5)  # seconds of CPU, of the clock
sys.exit(media_worker.main())
"""
WAYS_TO_DIE = (
    b"write through a null pointer",
    b"call abort",
    b"leave",
    b"compute for ever",
    b"wait for ever",
)

# The supervisor over one child. There is no gateway that could become ready.
SUPERVISE = """
import asyncio, sys
from pathlib import Path
from appliance.processes import supervisor
from appliance.processes.log_lines import log_to_stderr
log_to_stderr()
async def never(self): await asyncio.Event().wait()
supervisor.Supervisor._wait_for_door = never
door = supervisor.Door(host="", port=0, name="", authority=Path())
child = supervisor.Child(name="media worker 0", command=tuple(sys.argv[1:]))
asyncio.run(supervisor.Supervisor([child], door, lambda: None).run())
"""


class Supervised:
    """A worker below the real supervisor, and the gateway's pool in front of it."""

    def __init__(self, directory: Path, *program: str) -> None:
        self.socket = directory / "w.sock"
        self.pool = WorkerPool([self.socket])
        self._log = directory / "log"
        words = ("--socket", str(self.socket), "--models", str(MODELS))
        self._command = (sys.executable, *program, *words)

    async def __aenter__(self) -> Supervised:
        with self._log.open("wb") as log:
            self._supervisor = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", SUPERVISE, *self._command), cwd=ROOT, stderr=log
            )
        self.pool.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.pool.close()
        self._supervisor.terminate()
        await self._supervisor.wait()

    async def ask(self, media: bytes) -> WorkerReply:
        return await self.pool.ask(MakeFilmStrip(media=media))

    @property
    def log(self) -> str:
        return self._log.read_text()

    @property
    def decoder(self) -> int:
        return only_child(only_child(self._supervisor.pid))


def _peak_bytes(pid: int) -> int:
    """The most address space it ever had, which is what its limit is about."""
    status = Path(f"/proc/{pid}/status").read_text()
    (peak,) = re.findall(r"VmPeak:\s+(\d+) kB", status)
    return int(peak) * 1024


@pytest.fixture(scope="module")
def media() -> bytes:
    return clips.snippet(seconds=2.0)


async def test_a_killed_decoder_is_back_within_a_second_each_time(
    tmp_path: Path, media: bytes
) -> None:
    async with Supervised(tmp_path, "-m", "appliance.processes.media_worker") as worker:
        assert isinstance(await worker.ask(media), FilmStripMade)
        took = []
        for _ in range(6):  # as often as somebody likes: the pauses do not grow
            os.kill(worker.decoder, signal.SIGSEGV)
            with Stopwatch() as watch:
                while not isinstance(await worker.ask(media), FilmStripMade):
                    pass
                took.append(watch.seconds)
        assert min(took) < WITHIN_S
        assert max(took) < 5 * WITHIN_S, "the pauses grow"


async def test_whatever_kills_it_costs_one_request_and_is_counted(tmp_path: Path) -> None:
    async with Supervised(tmp_path, "-c", BROKEN) as worker:
        for number, media in enumerate(WAYS_TO_DIE, start=1):
            reply = await worker.ask(media)
            assert isinstance(reply, WorkerFailed), media
            assert (reply.code, worker.pool.failed) == ("worker-died", number)
            with Stopwatch() as watch:
                assert isinstance(await worker.ask(b""), FilmStripMade)
                assert watch.seconds < 5 * WITHIN_S
        assert worker.log.count("is replaced") == len(WAYS_TO_DIE)
        for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGPROF, signal.SIGALRM):
            assert f"ended by signal {number}" in worker.log
        assert "is started again" not in worker.log  # the supervisor had nothing to do


async def test_what_eats_memory_gets_its_share_and_no_more(tmp_path: Path) -> None:
    async with Supervised(tmp_path, "-c", BROKEN) as worker:
        await worker.ask(b"")
        pid = worker.decoder
        reply = await worker.ask(b"eat memory")
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "bad-media"
        assert isinstance(await worker.ask(b""), FilmStripMade)
        assert worker.decoder == pid  # it was refused the memory, and lives
        assert 2**30 < _peak_bytes(pid) <= sandbox.MEMORY_BYTES
