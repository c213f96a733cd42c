"""A line between two programs of this machine: so many bits a second, so long a delay each way.

In user space, because not every kernel has netem: bytes are taken at once, and handed on when a
line of that speed and length would have delivered them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_PIECE = 16 * 1024


@dataclass(slots=True)
class Line:
    """`delay_s` is one way. All connections in one direction share the line's speed."""

    bits_per_s: float
    delay_s: float
    carried: int = 0
    _free_at: list[float] = field(default_factory=lambda: [0.0, 0.0])

    def due(self, direction: int, size: int) -> float:
        """When the last of `size` bytes arrives, by the loop's clock."""
        now = asyncio.get_running_loop().time()
        begins = max(now, self._free_at[direction])
        self._free_at[direction] = begins + 8 * size / self.bits_per_s
        self.carried += size
        return self._free_at[direction] + self.delay_s


@asynccontextmanager
async def slow_line(line: Line, port: int) -> AsyncIterator[int]:
    """A port on 127.0.0.1 that leads to `port` there, over `line`."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection("127.0.0.1", port)
        for direction, (into, out) in enumerate(((near_in, far_out), (far_in, near_out))):
            task = asyncio.create_task(_carry(line, direction, into, out))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _carry(
    line: Line, direction: int, into: asyncio.StreamReader, out: asyncio.StreamWriter
) -> None:
    on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

    async def deliver() -> None:
        while True:
            due, piece = await on_the_way.get()
            if not piece:
                break
            await asyncio.sleep(due - asyncio.get_running_loop().time())
            out.write(piece)
            await out.drain()

    delivering = asyncio.create_task(deliver())
    try:
        while piece := await into.read(_PIECE):
            await on_the_way.put((line.due(direction, len(piece)), piece))
        await on_the_way.put((0.0, b""))
        await delivering
    except ConnectionError:
        pass
    finally:
        delivering.cancel()
        await asyncio.gather(delivering, return_exceptions=True)
        out.close()
