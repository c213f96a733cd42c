"""Deletes what retention allows, on the box and, where its retention has ended, in the cloud.

`python -m appliance.processes.janitor --state DIR` does what `hallvakt janitor` does.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import open_stores
from appliance.config import box
from appliance.core.ports import Clock
from appliance.processes.cloud_ends import cloud_ends
from appliance.services.purge import Belongings, Eraser, Purge, PurgeReport


async def clean(state: Path, *, clock: Clock | None = None) -> PurgeReport:
    """One round. The cloud is asked only when the retention of something there has ended."""
    config = await asyncio.to_thread(box.load, state)
    async with AsyncExitStack() as stack:
        stores = await asyncio.to_thread(open_stores, state)
        stack.push_async_callback(stores.close)
        blobs = await asyncio.to_thread(DirectoryBlobs, state / "blobs")
        eraser = None
        if config.cloud.objects != "none":
            ends = await stack.enter_async_context(cloud_ends(config.cloud))
            eraser = Eraser(objects=ends.objects, records=ends.records)
        belongings = Belongings(
            exams=stores.exams,
            attempts=stores.attempts,
            snippets=stores.snippets,
            observations=stores.observations,
            envelopes=stores.envelopes,
            identities=stores.identities,
            blobs=blobs,
            journal=Packs(stores.box),
            audit=stores.audit,
        )
        report = await Purge(belongings, clock or SystemClock(), eraser).run()
        await blobs.sweep()
        if report.purged or report.exams_ended:
            # What was deleted must not stay readable in the databases' logs.
            await stores.box.scrub()
            await stores.names.scrub()
        return report


if __name__ == "__main__":
    from appliance.cli.main import run

    sys.exit(run(["janitor", *sys.argv[1:]]))
