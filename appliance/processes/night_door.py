"""The gateway's door for night and janitor: a socket in the state directory that signs.

On an installed box they are other users than the gateway, and its own user namespace shows all of
those as the same one (`neighbours_doors.py`); so a file's mode lets them in, the group of the box's
data, and the door leads to that one thing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from appliance.processes.gateway_signer import DOOR
from appliance.shared_data import file_mode
from appliance.web.application_keys import Gateway
from appliance.web.box_api import night_door


@asynccontextmanager
async def night_door_open(gateway: Gateway, state: Path) -> AsyncIterator[None]:
    """Open while the block runs."""
    runner = web.AppRunner(night_door(gateway), access_log=None)
    await runner.setup()
    try:
        socket = state / DOOR
        await asyncio.to_thread(socket.unlink, missing_ok=True)  # ours: the gateway's lock is held
        await web.UnixSite(runner, str(socket)).start()
        mode = await asyncio.to_thread(file_mode, socket.parent)
        await asyncio.to_thread(socket.chmod, mode)
        yield
    finally:
        await runner.cleanup()
