"""Opening the relay where UDP may be blocked: it has a head start, and the next way is tried
beside it. So a firewall costs a moment, and neither a busy machine nor a lost packet costs UDP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from aiortc import RTCIceServer
from aiortc.rtcicetransport import parse_stun_turn_uri

from tui.relay_probe import answers_over_udp
from tui.relay_way import address_of

_UDP_ANSWERS_WITHIN_S = 1.0
_BESIDE_AFTER_S = 0.1
_HEAD_START_S = 0.15  # a LAN answers in a millisecond; RFC 8305, section 8, has 0.1 to 2
_WAS_BLOCKED_S = 0.1  # what another way had to carry the last time is probably still blocked

_Peer = TypeVar("_Peer")
_Opened = tuple[RTCIceServer, _Peer] | None


class RelayRace(Generic[_Peer]):
    """`gather` makes a peer, or None where the relay did not answer, and leaves nothing behind when
    it is cancelled; `discard` closes one that is not needed."""

    def __init__(
        self,
        gather: Callable[[RTCIceServer], Awaitable[_Peer | None]],
        discard: Callable[[_Peer], Awaitable[None]],
        head_start_s: float = _HEAD_START_S,
    ) -> None:
        self._gather = gather
        self._discard = discard
        self._head_start_s = head_start_s

    async def run(self, ways: Sequence[RTCIceServer], worked: str = "") -> _Opened[_Peer]:
        """The best way that is open and its peer; None when there is none. `ways` in their order;
        `worked` is the address of the last time, or empty."""
        first = parse_stun_turn_uri(address_of(ways[0]))
        if len(ways) == 1 or first["transport"] != "udp":
            return await self._in_turn(ways)
        was_blocked = worked not in {"", address_of(ways[0])}
        question = asyncio.create_task(
            answers_over_udp(first["host"], first["port"], _UDP_ANSWERS_WITHIN_S)
        )
        beside: asyncio.Task[_Peer | None] | None = None
        try:
            if not was_blocked:
                await asyncio.wait({question}, timeout=_BESIDE_AFTER_S)
            if not _yes(question):
                beside = asyncio.create_task(self._beside(ways[1]))
                left = _WAS_BLOCKED_S if was_blocked else self._head_start_s - _BESIDE_AFTER_S
                await asyncio.wait({question}, timeout=left)
                await asyncio.wait({question, beside}, return_when=asyncio.FIRST_COMPLETED)
            if _yes(question):
                slower, beside = beside, None
                found, _ = await asyncio.gather(self._in_turn(ways[:1]), self._stop(slower))
                return found or await self._in_turn(ways[1:])
            assert beside is not None
            peer = await beside
            if peer is not None:
                beside = None
                return ways[1], peer
            rest = list(ways[2:])
            return await self._in_turn([ways[0], *rest] if await question else [*rest, ways[0]])
        finally:
            question.cancel()
            await asyncio.gather(self._stop(beside), question, return_exceptions=True)

    async def _beside(self, way: RTCIceServer) -> _Peer | None:
        return await self._gather(way)

    async def _in_turn(self, ways: Sequence[RTCIceServer]) -> _Opened[_Peer]:
        for way in ways:
            peer = await self._gather(way)
            if peer is not None:
                return way, peer
        return None

    async def _stop(self, beside: asyncio.Task[_Peer | None] | None) -> None:
        if beside is None:
            return
        beside.cancel()
        [left] = await asyncio.gather(beside, return_exceptions=True)
        if left is not None and not isinstance(left, BaseException):
            await self._discard(left)


def _yes(question: asyncio.Task[bool]) -> bool:
    return question.done() and question.result()
