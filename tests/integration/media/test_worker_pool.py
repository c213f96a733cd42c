"""The pool in front of real workers, some of which die."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.adapters.workers import codec
from appliance.adapters.workers.pool import WorkerPool
from appliance.core.errors import Unreachable
from appliance.core.messages import (
    AnalyseSnippet,
    FilmStripMade,
    MakeFilmStrip,
    SnippetMeasured,
    WorkerFailed,
    WorkerReply,
    WorkerRequest,
)
from appliance.core.processing import Category
from tests.support import clips
from tests.support.media_workers import WorkerProcess, media_worker, until

PICTURES = frozenset({Category.PICTURE_QUALITY, Category.THUMBNAIL})


@asynccontextmanager
async def pool_of(
    *sockets: Path, timeout_s: float = 12.0, limit: int = 512
) -> AsyncIterator[WorkerPool]:
    pool = WorkerPool(sockets, timeout_s=timeout_s, queue_limit=limit)
    pool.start()
    try:
        yield pool
    finally:
        await pool.close()


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[WorkerProcess]:
    with media_worker(tmp_path) as process:
        yield process


@pytest.fixture(scope="module")
def media() -> bytes:
    return clips.snippet(seconds=2.0)


async def test_requests_reach_workers_and_replies_their_callers(
    fresh: WorkerProcess, media: bytes
) -> None:
    async with pool_of(fresh.socket) as pool:
        analysed, strip = await asyncio.gather(
            pool.ask(AnalyseSnippet(media=media, permitted=PICTURES)),
            pool.ask(MakeFilmStrip(media=media, count=2), urgent=True),
        )
        assert isinstance(analysed, SnippetMeasured)
        assert isinstance(strip, FilmStripMade)
        assert (pool.alive, pool.waiting, pool.failed, pool.dropped) == (1, 0, 0, 0)


async def test_bad_media_is_an_answer_like_any_other(fresh: WorkerProcess) -> None:
    async with pool_of(fresh.socket) as pool:
        reply = await pool.ask(MakeFilmStrip(media=b"no video"))
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "bad-media"
        assert pool.failed == 0


async def test_a_worker_that_dies_costs_one_request(fresh: WorkerProcess, media: bytes) -> None:
    async with pool_of(fresh.socket) as pool:
        await pool.ask(MakeFilmStrip(media=media))
        decoder = fresh.decoder
        os.kill(decoder, signal.SIGSTOP)  # so that it dies with the request in hand
        lost = asyncio.create_task(pool.ask(MakeFilmStrip(media=media)))
        await until(lambda: pool.waiting == 0)
        os.kill(decoder, signal.SIGKILL)
        reply = await lost
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "worker-died"
        assert pool.failed == 1
        assert isinstance(await pool.ask(MakeFilmStrip(media=media)), FilmStripMade)
        assert fresh.alive()
        assert fresh.decoder != decoder


async def test_a_worker_restarted_while_idle_costs_nothing(
    fresh: WorkerProcess, media: bytes
) -> None:
    async with pool_of(fresh.socket) as pool:
        await pool.ask(MakeFilmStrip(media=media))
        await asyncio.to_thread(fresh.restart, wait=False)
        await until(lambda: pool.alive == 0)  # the pool has noticed; the new one takes a second
        assert isinstance(await pool.ask(MakeFilmStrip(media=media)), FilmStripMade)
        assert pool.failed == 0


async def test_a_worker_that_hangs_is_given_up(fresh: WorkerProcess) -> None:
    async with pool_of(fresh.socket, timeout_s=0.3) as pool:
        await until(lambda: pool.alive == 1)
        decoder = fresh.decoder
        os.kill(decoder, signal.SIGSTOP)
        reply = await pool.ask(MakeFilmStrip(media=b""))
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "worker-timeout"
        os.kill(decoder, signal.SIGCONT)
        # It comes back, finds nobody on the old connection, and serves the new one.
        async with asyncio.timeout(60):
            while reply.code != "bad-media":
                reply = await pool.ask(MakeFilmStrip(media=b""))
                assert isinstance(reply, WorkerFailed)


class ScriptedWorker:
    """Speaks the protocol, answers in the order it is told to, and notes what it was asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[bytes] = []
        self.go = asyncio.Semaphore(0)

    async def __aenter__(self) -> ScriptedWorker:
        self._server = await asyncio.start_unix_server(self._serve, self.path)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(codec.GREETING)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (length,) = codec.LENGTH.unpack(await reader.readexactly(4))
                request: WorkerRequest = codec.decode_request(await reader.readexactly(length))
                assert isinstance(request, MakeFilmStrip)
                self.asked.append(request.media)
                await self.go.acquire()
                reply: WorkerReply = FilmStripMade(stills=((0.0, request.media),))
                writer.write(codec.encode(reply))
        writer.close()


async def test_urgent_first_then_newest(tmp_path: Path) -> None:
    async with ScriptedWorker(tmp_path / "w.sock") as scripted, pool_of(scripted.path) as pool:
        asked = [asyncio.create_task(pool.ask(MakeFilmStrip(media=b"first")))]
        await until(lambda: scripted.asked == [b"first"])
        for name, urgent in ((b"old", False), (b"new", False), (b"look", True), (b"live", True)):
            asked.append(asyncio.create_task(pool.ask(MakeFilmStrip(media=name), urgent=urgent)))
            await asyncio.sleep(0)
        assert pool.waiting == 4
        for _ in asked:
            scripted.go.release()
        await asyncio.gather(*asked)
        assert scripted.asked == [b"first", b"look", b"live", b"new", b"old"]


async def test_a_full_queue_drops_the_oldest_aloud(tmp_path: Path) -> None:
    async with (
        ScriptedWorker(tmp_path / "w.sock") as scripted,
        pool_of(scripted.path, limit=2) as pool,
    ):
        asked = [asyncio.create_task(pool.ask(MakeFilmStrip(media=b"in hand")))]
        await until(lambda: scripted.asked == [b"in hand"])
        for name in (b"oldest", b"older", b"new"):
            asked.append(asyncio.create_task(pool.ask(MakeFilmStrip(media=name))))
            await asyncio.sleep(0)
        with pytest.raises(Unreachable) as refusal:
            await asked[1]
        assert refusal.value.code == "workers-busy"
        assert (pool.dropped, pool.waiting) == (1, 2)
        for _ in asked:
            scripted.go.release()
        await asyncio.gather(*asked, return_exceptions=True)
        assert scripted.asked == [b"in hand", b"new", b"older"]


async def test_a_caller_that_gave_up_is_not_served(tmp_path: Path) -> None:
    async with ScriptedWorker(tmp_path / "w.sock") as scripted, pool_of(scripted.path) as pool:
        first = asyncio.create_task(pool.ask(MakeFilmStrip(media=b"first")))
        await until(lambda: scripted.asked == [b"first"])
        gone = asyncio.create_task(pool.ask(MakeFilmStrip(media=b"gone")))
        last = asyncio.create_task(pool.ask(MakeFilmStrip(media=b"last")))
        await asyncio.sleep(0)
        gone.cancel()
        for _ in range(2):
            scripted.go.release()
        await asyncio.gather(first, last)
        assert scripted.asked == [b"first", b"last"]


async def test_closing_tells_those_who_wait(tmp_path: Path) -> None:
    pool = WorkerPool([tmp_path / "nobody.sock"])
    pool.start()
    waiting = asyncio.create_task(pool.ask(MakeFilmStrip(media=b"")))
    await asyncio.sleep(0)
    assert (pool.alive, pool.waiting) == (0, 1)
    await pool.close()
    with pytest.raises(Unreachable):
        await waiting
    with pytest.raises(Unreachable):
        await pool.ask(MakeFilmStrip(media=b""))


async def test_a_worker_that_answers_nonsense_is_dropped(tmp_path: Path) -> None:
    async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(codec.GREETING)
        await reader.readexactly(4)
        writer.write(codec.LENGTH.pack(3) + b"abc")
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(nonsense, tmp_path / "w.sock")
    async with pool_of(tmp_path / "w.sock") as pool:
        reply = await pool.ask(MakeFilmStrip(media=b""))
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "worker-died"
    server.close()
