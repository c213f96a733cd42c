"""Ask a STUN server whether it is there (RFC 8489 binding request over UDP)."""

from __future__ import annotations

import asyncio
import secrets
import socket

_BINDING_REQUEST = b"\x00\x01\x00\x00"
_BINDING_SUCCESS = b"\x01\x01"
_MAGIC_COOKIE = b"\x21\x12\xa4\x42"


async def answers(address: str, port: int, *, timeout_s: float = 0.3) -> bool:
    """Whether a binding request to `address` gets its answer in time."""
    transaction = secrets.token_bytes(12)
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.setblocking(False)
        try:
            channel.connect((address, port))
            await loop.sock_sendall(channel, _BINDING_REQUEST + _MAGIC_COOKIE + transaction)
            async with asyncio.timeout(timeout_s):
                reply = await loop.sock_recv(channel, 512)
        except (OSError, TimeoutError):
            return False
    return reply[:2] == _BINDING_SUCCESS and reply[8:20] == transaction


def is_free(address: str, port: int) -> bool:
    """Whether nobody holds `port` on `address`, neither UDP nor TCP."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
    ):
        # Connections of an exam just closed linger on the TCP port for a minute; they do no harm.
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            udp.bind((address, port))
            tcp.bind((address, port))
        except OSError:
            return False
    return True


def free_port(address: str) -> int:
    """A port free for UDP and TCP on `address` at this moment; raise OSError without one."""
    for _ in range(20):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind((address, 0))
            port: int = udp.getsockname()[1]
        if is_free(address, port):
            return port
    raise OSError("no free port")
