"""How long a connection from the network may take to say what it wants (`web/connections.py`)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from appliance.web.connections import CONNECTIONS

KEEPALIVE_S = 75.0
_HANDSHAKE_S = 15.0  # the loop's own is a minute
_EVERY_S = 5.0


class TlsSite(web.TCPSite):
    """One that does not wait long for a handshake."""

    async def start(self) -> None:
        await web.BaseSite.start(self)
        assert self._runner.server is not None
        self._server = await asyncio.get_running_loop().create_server(
            self._runner.server,
            self._host,
            self._port,
            ssl=self._ssl_context,
            ssl_handshake_timeout=_HANDSHAKE_S,
            backlog=self._backlog,
        )


@asynccontextmanager
async def places_kept_free(runner: web.AppRunner, every_s: float = _EVERY_S) -> AsyncIterator[None]:
    """While the block runs. What comes over a Unix socket is the box's own and left alone."""
    sweeping = asyncio.create_task(_sweep(runner, every_s))
    try:
        yield
    finally:
        sweeping.cancel()


async def _sweep(runner: web.AppRunner, every_s: float) -> None:
    assert runner.server is not None
    connections = runner.app[CONNECTIONS]
    while True:
        await asyncio.sleep(every_s)
        there = {
            one: one.peername[0]
            for one in runner.server.connections
            if one.transport is not None and isinstance(one.peername, tuple)
        }
        for one in connections.to_end(there):
            transport = one.transport
            if transport is not None:
                transport.abort()
