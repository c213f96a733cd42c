"""Has videos blanked by a process without keys (`blanking_cell`), started when first needed."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import msgspec

from appliance.core.errors import BadMedia, Unreachable
from appliance.processes.blanking_cell import LENGTH, Reply, Request

_LONGEST_S = 120.0  # a snippet of 30 s at the largest size takes some seconds of one core
_LARGEST = 64 * 1024 * 1024


class Blanker:
    """One video at a time."""

    def __init__(self) -> None:
        self._process: Process | None = None

    async def blank(self, media: bytes, spans: Sequence[tuple[float, float]]) -> bytes:
        """Raise BadMedia when it cannot be done; the next video gets a new process then."""
        process = await self._running()
        packed = msgspec.msgpack.encode(Request(media=media, spans=tuple(spans)))
        try:
            async with asyncio.timeout(_LONGEST_S):
                reply = await _ask(process, packed)
        except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
            await self.close()
            raise BadMedia("The process that reads the video ended on it.") from error
        if reply.media is None:
            raise BadMedia(reply.sentence)
        return reply.media

    async def close(self) -> None:
        if self._process is None:
            return
        if self._process.returncode is None:
            self._process.kill()
        # Reads what is left, too: a pipe nobody reads keeps its transport open.
        await self._process.communicate()
        self._process = None

    async def _running(self) -> Process:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "appliance.processes.blanking_cell"),
                stdin=PIPE,
                stdout=PIPE,
            )
            assert self._process.stdout is not None
            try:
                async with asyncio.timeout(_LONGEST_S):
                    await self._process.stdout.readexactly(LENGTH.size)
            except (EOFError, TimeoutError) as error:
                await self.close()
                raise Unreachable(
                    "The process that blanks videos did not start; it said why above. Leave the "
                    "passages out instead, or use a machine it runs on."
                ) from error
        return self._process


async def _ask(process: Process, packed: bytes) -> Reply:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(LENGTH.pack(len(packed)))
    process.stdin.write(packed)
    await process.stdin.drain()
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > _LARGEST:
        raise EOFError
    return msgspec.msgpack.decode(await process.stdout.readexactly(length), type=Reply)


@asynccontextmanager
async def blanking() -> AsyncIterator[Blanker]:
    blanker = Blanker()
    try:
        yield blanker
    finally:
        await blanker.close()
