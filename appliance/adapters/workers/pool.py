"""The gateway's end of the media workers: one connection each, and a queue in front of them.

A worker that dies costs the request it had, no more: the supervisor starts it again within a
second and the pool connects anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import structlog

from appliance.adapters.workers import codec
from appliance.adapters.workers.connection import WorkerConnection
from appliance.adapters.workers.request_queue import RequestQueue, Waiting
from appliance.core.errors import BadInput, TooLarge, Unreachable
from appliance.core.messages import WorkerFailed, WorkerReply, WorkerRequest

_log = structlog.get_logger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 0.5  # between attempts to connect


class WorkerPool:
    """Implements `ports.MediaWorkers`.

    `start` and `close` belong to the event loop that uses it. `dropped` counts requests that had
    to make room in a full queue, `failed` those a worker died or ran over time on.
    """

    def __init__(
        self, sockets: Sequence[Path], *, timeout_s: float = 12.0, queue_limit: int = 512
    ) -> None:
        self._sockets = list(sockets)
        self._timeout_s = timeout_s
        self._queue = RequestQueue(queue_limit)
        self._wake = {path: asyncio.Event() for path in self._sockets}
        self._tasks: list[asyncio.Task[None]] = []
        self._connected: set[Path] = set()
        self._closed = False
        self.dropped = 0
        self._failed = 0

    def start(self) -> None:
        """Begin to connect. Requests may be asked at once: they wait for a worker."""
        self._tasks = [
            asyncio.create_task(self._run(path), name=f"pool {path.name}") for path in self._sockets
        ]

    async def close(self) -> None:
        """End the connections; callers that still wait get Unreachable. Idempotent."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        while (waiting := self._queue.pop()) is not None:
            _refuse(waiting, "The box is stopping: try again when it runs.", "workers-closed")

    async def ask(self, request: WorkerRequest, *, urgent: bool = False) -> WorkerReply:
        """As the port says. Raises Unreachable (`workers-busy`) when the request had to make room
        for newer ones, and (`workers-closed`) when the pool is closed."""
        if self._closed:
            raise Unreachable("The box is stopping: try again when it runs.", code="workers-closed")
        answer: asyncio.Future[WorkerReply] = asyncio.get_running_loop().create_future()
        dropped = self._queue.push(request, answer, urgent=urgent)
        if dropped is not None and not dropped.answer.done():
            self.dropped += 1
            _refuse(
                dropped,
                "More video arrives than the box can look at: the video is kept, not analysed.",
                "workers-busy",
            )
        for event in self._wake.values():
            event.set()
        return await answer

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @property
    def alive(self) -> int:
        return len(self._connected)

    @property
    def failed(self) -> int:
        return self._failed

    async def _run(self, path: Path) -> None:
        """One worker, for as long as the pool is open."""
        loop = asyncio.get_running_loop()
        wake = self._wake[path]
        pause = _FIRST_PAUSE_S
        while True:
            try:
                _, connection = await loop.create_unix_connection(
                    lambda: WorkerConnection(on_lost=wake.set), str(path)
                )
            except OSError:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_S)
                continue
            try:
                await connection.greeted()
                pause = _FIRST_PAUSE_S
                self._connected.add(path)
                _log.info("media worker connected", worker=path.stem)
                await self._serve(connection, wake)
            except ConnectionError:
                await asyncio.sleep(pause)
            finally:
                self._connected.discard(path)
                connection.close()
                _log.info("media worker gone", worker=path.stem)

    async def _serve(self, connection: WorkerConnection, wake: asyncio.Event) -> None:
        """Requests one after the other, until the worker's end is gone."""
        while not connection.lost:
            waiting = self._queue.pop()
            if waiting is None:
                wake.clear()
                await wake.wait()
                continue
            try:
                reply = await self._exchange(connection, waiting.request)
            except TooLarge as error:
                if not waiting.answer.done():
                    waiting.answer.set_exception(error)
                continue
            except asyncio.CancelledError:
                _refuse(waiting, "The box is stopping: try again when it runs.", "workers-closed")
                raise
            if not waiting.answer.done():
                waiting.answer.set_result(reply)

    async def _exchange(self, connection: WorkerConnection, request: WorkerRequest) -> WorkerReply:
        """The worker's reply, or what became of the worker."""
        frame = codec.encode(request)
        try:
            async with asyncio.timeout(self._timeout_s):
                return codec.decode_reply(await connection.exchange(frame))
        except TimeoutError:
            # Its own watchdog ends the worker; what it would still answer is for nobody.
            connection.close()
            connection.lost = True
            return self._failure("worker-timeout", "Looking at the video took too long.")
        except (ConnectionError, BadInput):
            connection.close()
            connection.lost = True
            return self._failure("worker-died", "The media worker stopped on this video.")

    def _failure(self, code: str, message: str) -> WorkerFailed:
        self._failed += 1
        _log.warning("media worker failed", code=code, failed=self._failed)
        return WorkerFailed(code=code, message=f"{message} The video itself is kept.")


def _refuse(waiting: Waiting, sentence: str, code: str) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(Unreachable(sentence, code=code))
