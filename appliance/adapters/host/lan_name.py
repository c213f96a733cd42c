"""Tells the LAN the box's name by multicast DNS (RFC 6762), where the school has no name for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

import structlog
from zeroconf import (  # type: ignore[attr-defined]  # AddressResolver: documented, not in __all__
    AddressResolverIPv4,
    DNSQuestionType,
    NonUniqueNameException,
    ServiceInfo,
)
from zeroconf.asyncio import AsyncZeroconf

from appliance.adapters.host.machine import addresses_of_cards, lan_addresses

_SERVICE = "_https._tcp.local."
_LOOK_AT_CARDS_S, _TAKEN_S = 5.0, 60.0
# The library sends the same question once a second at most; the second is for a packet lost.
_ASKED_S, _TURNS = 0.5, 3
_LOG = structlog.get_logger("lan_name")


@asynccontextmanager
async def announced(name: str, port: int, host: str, *, uplink: str = "") -> AsyncIterator[None]:
    """`name`.local points to this machine while the block runs. `host`: what the box listens on;
    with 0.0.0.0, all its addresses on the LAN are told, which those of the card `uplink` are not.

    A box does not need a network to start: cables and addresses that come, change or go later are
    followed. Where another machine has the name, that is said in the log, the box goes on under its
    address, and asks again every minute.
    """

    def current() -> Sequence[str]:
        return spoken_from(host, uplink=uplink)

    voice = _Voice(name, port)
    await _try(voice, current)
    following = asyncio.create_task(_follow(voice, current))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await voice.fall_silent()


def spoken_from(host: str, *, uplink: str = "") -> Sequence[str]:
    """The addresses under which a box that listens on `host` is told to the LAN."""
    return lan_addresses(uplink=uplink) if host in {"0.0.0.0", "::"} else [host]


async def others_with(name: str, speaking_from: Sequence[str]) -> list[str]:
    """IPv4 addresses of other machines that answer to `name`.local. Takes 1.5 s; raises
    OSError for an address that no card has."""
    asking = AsyncZeroconf(interfaces=list(speaking_from))
    try:
        return await _others(name, speaking_from, asking)
    finally:
        await asking.async_close()


async def _others(name: str, ours: Sequence[str], asking: AsyncZeroconf) -> list[str]:
    mine, found = {*ours, *addresses_of_cards()}, set[str]()
    for _ in range(_TURNS):  # each time: one machine's answer may take another's out of the cache
        asked = AddressResolverIPv4(f"{name}.local.")
        # To everybody: an answer to one port, which doctor and gateway share, reaches one of them.
        everybody = DNSQuestionType.QM
        if await asked.async_request(asking.zeroconf, _ASKED_S * 1000, everybody):
            found.update(asked.parsed_addresses())
            await asyncio.sleep(_ASKED_S)  # it returns with the first answer; we want them all
    return sorted(found - mine)


async def _follow(voice: _Voice, current: Callable[[], Sequence[str]]) -> None:
    while True:
        await asyncio.sleep(_TAKEN_S if voice.taken else _LOOK_AT_CARDS_S)
        await _try(voice, current)


async def _try(voice: _Voice, current: Callable[[], Sequence[str]]) -> None:
    with suppress(OSError):  # an address that went while we looked: the next look finds out
        await voice.say(current())


class _Voice:
    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self.taken = False  # by another machine
        self._told: list[str] = []
        self._speaking: AsyncZeroconf | None = None
        self._info: ServiceInfo | None = None

    async def say(self, addresses: Sequence[str]) -> None:
        """Raises OSError for an address that no card has."""
        if list(addresses) == self._told:
            return
        await self.fall_silent()
        if not addresses:
            return
        # By address: the default would need a default route, which a LAN of its own has not.
        self._speaking = AsyncZeroconf(interfaces=list(addresses))
        info = ServiceInfo(
            _SERVICE,
            f"{self._name}.{_SERVICE}",
            addresses=[socket.inet_aton(address) for address in addresses],
            port=self._port,
            server=f"{self._name}.local.",
        )
        try:
            # The library asks for the service alone; a printer may have the name without one.
            if await _others(self._name, addresses, self._speaking):
                raise NonUniqueNameException
            await self._speaking.async_register_service(info)
        except NonUniqueNameException:
            await self.fall_silent()
            if not self.taken:  # said once, not every minute
                _LOG.warning(
                    "Another machine on this network has the box's name. The box goes on under its "
                    "address; choose another web.lan_name in box.toml.",
                    name=f"{self._name}.local",
                )
            self.taken = True
            return
        self.taken = False
        self._info, self._told = info, list(addresses)

    async def fall_silent(self) -> None:
        speaking, info = self._speaking, self._info
        self._speaking, self._info, self._told = None, None, []
        if speaking is None:
            return
        if info is not None:
            with suppress(OSError):  # its card is gone
                await speaking.async_unregister_service(info)
        await speaking.async_close()
