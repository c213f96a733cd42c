"""Where the gateway answers: TLS for candidates and consoles, a Unix socket for what runs on the
box itself, a plain page for browsers that did not ask for TLS, and its name on the LAN."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from aiohttp import web

from appliance.adapters.host.certificate_keeper import CertificateKeeper
from appliance.adapters.host.lan_name import announced
from appliance.adapters.host.tls import TlsFiles
from appliance.config.box import BoxConfig
from appliance.core.errors import Unreachable
from appliance.processes.connections_kept import KEEPALIVE_S, TlsSite, places_kept_free
from appliance.services.box import Measured
from appliance.web.plain_door import plain_door

log = structlog.get_logger(__name__)

SOCKET = Path("run") / "gateway.sock"
_NAME_TAKEN = (
    "Another machine has the box's name on the network: candidates need its address. Tell the "
    "technician."
)
_NO_PLAIN_PAGE = (
    "The page that explains certificate warnings cannot be shown: its port could not be opened. "
    "No exam is touched by it. Tell the technician."
)
_LOOK_AT_FILES_S = 60.0
_BACKLOG = 512


@asynccontextmanager
async def doors_open(
    runner: web.AppRunner, state: Path, config: BoxConfig, measured: Measured
) -> AsyncIterator[None]:
    """Open while the block runs; consoles are told of a lost name. Raises Unreachable when a port
    is taken, WrongConfiguration when there is no certificate to serve."""
    keeper = await asyncio.to_thread(
        CertificateKeeper, state / "tls", config.web.names, partial(datetime.now, UTC)
    )
    await _unix_door(runner, state / SOCKET)
    tls = TlsSite(
        runner, config.web.host, config.web.port, ssl_context=keeper.context, backlog=_BACKLOG
    )
    await _start(tls, config.web.host, config.web.port, "web.port")
    async with AsyncExitStack() as open_too:
        await open_too.enter_async_context(_kept_fresh(keeper))
        await open_too.enter_async_context(places_kept_free(runner))
        if config.web.http_port:
            await open_too.enter_async_context(_plain(state, config, measured))
        if config.web.lan_name:
            await open_too.enter_async_context(
                announced(
                    config.web.lan_name,
                    config.web.port,
                    config.web.host,
                    uplink=config.web.uplink,
                    tell=partial(measured.noted, _NAME_TAKEN),
                )
            )
        yield


async def _unix_door(runner: web.AppRunner, socket: Path) -> None:
    # Ours alone: the gateway's lock holds the directory.
    await asyncio.to_thread(socket.unlink, missing_ok=True)
    await web.UnixSite(runner, str(socket)).start()
    await asyncio.to_thread(socket.chmod, 0o600)


async def _start(site: web.BaseSite, host: str, port: int, key: str) -> None:
    try:
        await site.start()
    except OSError as error:
        why = os.strerror(error.errno or 0)  # asyncio's own words have the address once more
        raise Unreachable(
            f"The box cannot listen on {host}:{port} ({why}): {_way_out(error.errno, port, key)}."
        ) from error


def _way_out(number: int | None, port: int, key: str) -> str:
    if number == errno.EADDRNOTAVAIL:
        return (
            "no card of this machine has that address; correct web.host in box.toml, or look at "
            "the cable and the machine's network settings"
        )
    if number == errno.EACCES:
        return (
            "ports from 80 on are opened to the box by /etc/sysctl.d/60-hallvakt.conf; restart the "
            f"machine, or change {key} in box.toml"
        )
    return (
        f"`ss -lntp 'sport = :{port}'` (as root) says what uses that port; stop it, or change "
        f"{key} in box.toml"
    )


@asynccontextmanager
async def _kept_fresh(
    keeper: CertificateKeeper, every_s: float = _LOOK_AT_FILES_S
) -> AsyncIterator[None]:
    """New files are taken up within a minute, or at once on SIGHUP."""
    asked = asyncio.Event()

    async def keep() -> None:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(asked.wait(), every_s)
            asked.clear()
            await asyncio.to_thread(keeper.refresh)

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, asked.set)
    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()
        loop.remove_signal_handler(signal.SIGHUP)


@asynccontextmanager
async def _plain(state: Path, config: BoxConfig, measured: Measured) -> AsyncIterator[None]:
    """Only a help: no exam waits for it. A page that cannot be shown is told, and no more."""

    async def public() -> bool:
        return await asyncio.to_thread(lambda: TlsFiles.below(state / "tls").is_public)

    runner = web.AppRunner(
        plain_door(config.web.names[0], config.web.port, public=public),
        access_log=None,
        keepalive_timeout=KEEPALIVE_S,
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.web.host, config.web.http_port)
        try:
            await _start(site, config.web.host, config.web.http_port, "web.http_port")
        except Unreachable as error:
            log.error("no page without TLS", why=error.message)
            measured.noted(_NO_PLAIN_PAGE, True)
        async with places_kept_free(runner):
            yield
    finally:
        await runner.cleanup()
