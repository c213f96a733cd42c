"""The gateway's doors for two processes that are other users than it, where systemd runs units.

A file's mode lets them in: who a peer is cannot be asked here, for in the gateway's own user
namespace every other user looks the same. So what a door leads to is all that who comes in by it
may do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from appliance.processes.neighbours import Neighbours
from appliance.web.application_keys import Gateway
from appliance.web.hall_audio_api import hall_sound_door


@asynccontextmanager
async def neighbours_doors_open(
    runner: web.AppRunner, gateway: Gateway, beside: Neighbours
) -> AsyncIterator[None]:
    """Open while the block runs; none where systemd does not run the units. The console's leads to
    what every console gets over the network, the hall microphone's to its one question."""
    if beside.console_door is None or beside.hall_sound_door is None:
        yield
        return
    hearing = web.AppRunner(hall_sound_door(gateway), access_log=None)
    await hearing.setup()
    try:
        await _open(runner, beside.console_door)
        await _open(hearing, beside.hall_sound_door)
        yield
    finally:
        await hearing.cleanup()


async def _open(runner: web.AppRunner, socket: Path) -> None:
    await asyncio.to_thread(socket.unlink, missing_ok=True)  # ours: the gateway's lock is held
    await web.UnixSite(runner, str(socket)).start()
    await asyncio.to_thread(socket.chmod, 0o660)
