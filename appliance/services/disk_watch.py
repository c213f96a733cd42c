"""Notices by itself when the disk under the box can no longer be written: before anybody sends.

Every few seconds one small write that has to reach the disk. What it finds is told on every
console, by the doctor and in the metrics, and goes when the disk is well again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from appliance.core.disk import DiskState, state_after
from appliance.core.ports import BlobStore, Clock
from appliance.services.box import Measured

log = structlog.get_logger(__name__)

IN_SESSION_S, QUIET_S = 2.0, 30.0
"""Between two writes, while an exam is in session and while none is."""

SILENT_AFTER_S = 10.0


class DiskWatch:
    """`write` ends when a small write is on the disk, or raises OSError; `failed` says that the box
    takes nothing more until it is started again; `keep_free` bytes are never given to snippets.
    `patience_s`: how long one look waits for the write."""

    def __init__(
        self,
        *,
        write: Callable[[], Awaitable[None]],
        failed: Callable[[], bool],
        blobs: BlobStore,
        keep_free: int,
        clock: Clock,
        measured: Measured,
        patience_s: float = 1.0,
    ) -> None:
        self._write, self._failed = write, failed
        self._blobs, self._keep_free = blobs, keep_free
        self._clock, self._measured = clock, measured
        self._patience_s = patience_s
        self._writing: asyncio.Future[None] | None = None
        self._began = 0.0

    async def look(self) -> None:
        """Once. A write that does not end holds up no second one, and nobody who waits."""
        if self._writing is None:
            self._began = self._clock.monotonic()
            self._writing = asyncio.ensure_future(self._write())
        await asyncio.wait({self._writing}, timeout=self._patience_s)
        self._say(await self._state(self._writing))

    async def _state(self, writing: asyncio.Future[None]) -> DiskState:
        if not writing.done():
            silent = self._clock.monotonic() - self._began > SILENT_AFTER_S
            return DiskState.SILENT if silent else self._measured.disk
        self._writing = None
        try:
            writing.result()
            free = await self._blobs.free_bytes()
        except OSError as error:
            return state_after(error)
        if self._failed():
            return DiskState.FAILED
        return DiskState.FULL if free < self._keep_free else DiskState.OK

    def _say(self, found: DiskState) -> None:
        if found is self._measured.disk:
            return
        self._measured.disk = found
        if found is DiskState.OK:
            log.warning("the disk can be written again")
        else:
            log.error("the disk cannot be written", disk=found.value)
