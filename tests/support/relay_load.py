"""Traffic through a relay with coturn's own client and peer: `turnutils_uclient`, `turnutils_peer`.

One `leg` is one allocation under one user name, as one end of a live view has it. Its packets go to
the peer and come back, each with a number, so that loss is counted. The peer listens on the relay's
own address, the only one a relay of ours sends to. The client spends its first 4 s on nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

PACKET_BYTES = 1000
_COUNTED = re.compile(rb"tot_send_bytes ~ (\d+), tot_recv_bytes ~ (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Payload in bytes, there and back; `refused` where the relay gave no allocation."""

    refused: bool
    sent: int = 0
    received: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedRelay:
    """`secret` is a test's own: it stands in an argument."""

    host: str
    port: int
    secret: str
    peer: tuple[str, int]


@asynccontextmanager
async def peer(address: str, port: int) -> AsyncIterator[None]:
    process = await asyncio.create_subprocess_exec(
        *("turnutils_peer", "-L", address, "-p", str(port)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.kill()
        await process.wait()


async def leg(relay: LoadedRelay, user: str, *, bytes_per_second: int, seconds: float) -> Carried:
    every_ms = max(1, round(1000 * PACKET_BYTES / bytes_per_second))
    messages = max(1, round(seconds * 1000 / every_ms))
    address, port = relay.peer
    process = await asyncio.create_subprocess_exec(
        *("stdbuf", "-oL", "turnutils_uclient", "-c", "-m", "1", "-e", address, "-r", str(port)),
        *("-u", user, "-W", relay.secret, "-p", str(relay.port)),
        *("-l", str(PACKET_BYTES), "-n", str(messages), "-z", str(every_ms), relay.host),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        stdin=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    settled = None
    said: deque[bytes] = deque(maxlen=10)
    async for line in process.stdout:
        said.append(line)
        if b"error 486" in line:
            settled = Carried(refused=True)
            break
        if counted := _COUNTED.search(line):
            now = Carried(refused=False, sent=int(counted[1]), received=int(counted[2]))
            if now.sent == messages * PACKET_BYTES and now == settled:
                break  # nothing came within a second after the last was sent: it waits 10 s more
            settled = now
    if process.returncode is None:
        process.kill()
    await process.wait()
    assert settled is not None, f"the client counted nothing: {b''.join(said).decode()}"
    return settled
