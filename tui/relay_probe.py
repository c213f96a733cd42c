"""Whether the relay can be reached over UDP: a STUN binding request (RFC 8489, section 6.2.1), sent
again until it is answered. Asked before a peer is made, because TURN over UDP that a firewall drops
shows only as silence, and aiortc waits five seconds for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aioice import stun

_AGAIN_S = 0.05  # a LAN answers in a millisecond; one lost packet costs this


class _Question(asyncio.DatagramProtocol):
    def __init__(self, answered: asyncio.Future[bool]) -> None:
        self._answered = answered
        self.request = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST
        )

    def datagram_received(self, data: bytes, addr: object) -> None:
        try:
            reply = stun.parse_message(data)
        except ValueError:
            return
        if reply.transaction_id == self.request.transaction_id:
            self._say(reply.message_class == stun.Class.RESPONSE)

    def error_received(self, exc: Exception) -> None:
        self._say(False)  # refused: nobody listens there, or a firewall that says so

    def _say(self, answered: bool) -> None:
        if not self._answered.done():
            self._answered.set_result(answered)


async def answers_over_udp(host: str, port: int, patience_s: float) -> bool:
    """Asks for at most `patience_s`; False also for a name or an address without a way there."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[bool] = loop.create_future()
    ask: Callable[[], _Question] = lambda: _Question(answered)  # noqa: E731
    try:
        channel, question = await loop.create_datagram_endpoint(ask, remote_addr=(host, port))
    except OSError:
        return False
    try:
        over = loop.time() + patience_s
        while not answered.done() and (left := over - loop.time()) > 0:
            channel.sendto(bytes(question.request))
            await asyncio.wait({answered}, timeout=min(left, _AGAIN_S))
        return answered.done() and answered.result()
    finally:
        channel.close()
