"""Whether a cloud takes what a box writes and gives it back: with the logins that a night uses."""

from __future__ import annotations

from contextlib import AsyncExitStack

from appliance.adapters.host.randomness import SystemRandomness
from appliance.config.box import CloudConfig
from appliance.core.ports import ObjectCloud
from appliance.processes.cloud_ends import as_eraser, as_verifier, cloud_ends
from appliance.services.cloud_probe import CloudProbe, write_and_read_back


async def probed(cloud: CloudConfig, writer: ObjectCloud) -> CloudProbe:
    """Read back as the verifier, and removed as the eraser, where these are named; raises what
    `write_and_read_back` raises."""
    async with AsyncExitStack() as stack:
        reader = (await stack.enter_async_context(cloud_ends(as_verifier(cloud)))).objects
        eraser = (await stack.enter_async_context(cloud_ends(as_eraser(cloud)))).objects
        return await write_and_read_back(
            SystemRandomness(), writer=writer, reader=reader, eraser=eraser
        )
