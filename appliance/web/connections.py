"""Connections that hold a place and ask nothing: ended, so that those who ask find one.

The server itself waits for a first request for as long as the other end likes, and places are
files of the process: some thousands of connections from one computer would keep a school out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

FIRST_REQUEST_S = 30.0  # browsers connect before they know what they will ask
# A whole school may come from one address; a quarter of the unit's LimitNOFILE.
MOST_OF_ADDRESS = 4_000

One = TypeVar("One", bound=Hashable)


@dataclass(slots=True)
class _Place:
    since: float
    asked: bool = False
    under_way: int = 0


class Connections:
    """By the protocol object of each connection."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._places: dict[Hashable, _Place] = {}

    def begins(self, connection: Hashable) -> None:
        place = self._places.setdefault(connection, _Place(self._monotonic()))
        place.asked = True
        place.under_way += 1

    def ends(self, connection: Hashable) -> None:
        if place := self._places.get(connection):
            place.under_way -= 1

    def to_end(self, there: Mapping[One, str]) -> Collection[One]:
        """Of the connections that are there now, oldest first, each with its address: those that
        have asked nothing in time, and of an address with too many the newest that wait for
        nothing. Call it every few seconds."""
        now = self._monotonic()
        self._places = {one: self._places.get(one) or _Place(now) for one in there}
        ended = dict[One, None]()
        by_address: dict[str, list[One]] = {}
        for one, address in there.items():
            place = self._places[one]
            if not place.asked and now - place.since >= FIRST_REQUEST_S:
                ended[one] = None
            else:
                by_address.setdefault(address, []).append(one)
        for ones in by_address.values():
            over = len(ones) - MOST_OF_ADDRESS
            if over > 0:
                idle = [one for one in ones if not self._places[one].under_way]
                ended |= dict.fromkeys(idle[-over:])
        return ended


CONNECTIONS = web.AppKey("connections", Connections)


@web.middleware
async def noticed(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    connections, connection = request.app[CONNECTIONS], request.protocol
    connections.begins(connection)
    try:
        return await handler(request)
    finally:
        connections.ends(connection)
