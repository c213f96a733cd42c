"""Tells the LAN the box's name by multicast DNS (RFC 6762), where the school has no name for it."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from zeroconf import InterfaceChoice, NonUniqueNameException, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from appliance.adapters.host.machine import lan_addresses
from appliance.core.errors import Unreachable

_SERVICE = "_https._tcp.local."


@asynccontextmanager
async def announced(name: str, port: int, host: str) -> AsyncIterator[None]:
    """`name`.local points to this machine while the block runs. `host`: what the box listens on;
    with 0.0.0.0, all its addresses on the LAN are told. Raises Unreachable when another machine
    has the name."""
    everywhere = host in {"0.0.0.0", "::"}
    addresses = lan_addresses() if everywhere else [host]
    speaking = AsyncZeroconf(interfaces=InterfaceChoice.Default if everywhere else addresses)
    info = ServiceInfo(
        _SERVICE,
        f"{name}.{_SERVICE}",
        addresses=[socket.inet_aton(address) for address in addresses],
        port=port,
        server=f"{name}.local.",
    )
    try:
        try:
            await speaking.async_register_service(info)
        except NonUniqueNameException as error:
            raise Unreachable(
                f"Another machine on this network is called {name}.local: "
                "choose another web.lan_name in box.toml."
            ) from error
        yield
        await speaking.async_unregister_service(info)
    finally:
        await speaking.async_close()
