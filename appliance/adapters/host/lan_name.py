"""Tells the LAN the box's name by multicast DNS (RFC 6762), where the school has no name for it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from zeroconf import NonUniqueNameException, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from appliance.adapters.host.machine import lan_addresses
from appliance.core.errors import Unreachable

_SERVICE = "_https._tcp.local."
_LOOK_AT_CARDS_S = 5.0


@asynccontextmanager
async def announced(name: str, port: int, host: str, *, uplink: str = "") -> AsyncIterator[None]:
    """`name`.local points to this machine while the block runs. `host`: what the box listens on;
    with 0.0.0.0, all its addresses on the LAN are told, which those of the card `uplink` are not.

    A box does not need a network to start: cables and addresses that come, change or go later are
    followed. Raises Unreachable when another machine has the name already at the start.
    """
    everywhere = host in {"0.0.0.0", "::"}

    def current() -> Sequence[str]:
        return lan_addresses(uplink=uplink) if everywhere else [host]

    voice = _Voice(name, port)
    with suppress(OSError):  # an address that went while we looked: the next look finds out
        await voice.say(current())
    following = asyncio.create_task(_follow(voice, current))
    try:
        yield
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        await voice.fall_silent()


async def _follow(voice: _Voice, current: Callable[[], Sequence[str]]) -> None:
    while True:
        await asyncio.sleep(_LOOK_AT_CARDS_S)
        # A name that another machine took meanwhile: this box goes on under its address.
        with suppress(OSError, Unreachable):
            await voice.say(current())


class _Voice:
    def __init__(self, name: str, port: int) -> None:
        self._name = name
        self._port = port
        self._told: list[str] = []
        self._speaking: AsyncZeroconf | None = None
        self._info: ServiceInfo | None = None

    async def say(self, addresses: Sequence[str]) -> None:
        """Raises Unreachable, and OSError for an address that no card has."""
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
            await self._speaking.async_register_service(info)
        except NonUniqueNameException as error:
            await self.fall_silent()
            raise Unreachable(
                f"Another machine on this network is called {self._name}.local: "
                "choose another web.lan_name in box.toml."
            ) from error
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
