"""Deletes what retention allows, on the box and, where its retention has ended, in the cloud.

`python -m appliance.processes.janitor --state DIR` does what `hallvakt janitor` does.
"""

from __future__ import annotations

import asyncio
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import structlog

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.store import snapshots
from appliance.adapters.store.legal_holds import Holds
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.stores import open_stores
from appliance.adapters.store.uploads import UploadRows
from appliance.config import box
from appliance.core.errors import HallvaktError, NoRoom, Refused
from appliance.core.ports import Clock
from appliance.processes.clock_guard import clock_trouble
from appliance.processes.cloud_ends import as_eraser, cloud_ends
from appliance.processes.erased_state import SNAPSHOTS, tombstone_file
from appliance.processes.erased_state import belongings as erasable
from appliance.processes.eraser import eraser_of, finish_in, not_deleted
from appliance.processes.trusted_hosts import check_signed
from appliance.services.purge import Belongings, Purge, PurgeReport
from appliance.services.signing import Signer
from appliance.services.tombstones import replay_tombstones, undeleted

log = structlog.get_logger(__name__)


async def clean(
    state: Path,
    *,
    clock: Clock | None = None,
    signer: Signer | None = None,
    clock_is_right: bool = False,
) -> PurgeReport:
    """One round: tombstones, retention, then erasures that were begun. The cloud is asked only
    when something there has to go. By the machine's own clock (`clock` None) nothing is deleted
    after a jump, and Refused is raised when the rest is done."""
    config = await asyncio.to_thread(box.load, state)
    async with AsyncExitStack() as stack:
        stores = await asyncio.to_thread(open_stores, state)
        stack.push_async_callback(stores.close)
        blobs = await asyncio.to_thread(DirectoryBlobs, state / "blobs")
        eraser = unsigned = None
        if config.cloud.objects != "none":
            try:
                await asyncio.to_thread(check_signed, state, config.cloud)
            except HallvaktError as refused:  # what the box's own disk has goes all the same
                unsigned = refused
            else:
                ends = await stack.enter_async_context(
                    cloud_ends(as_eraser(config.cloud), uploads=UploadRows(stores.box))
                )
                eraser = eraser_of(ends, config.cloud)
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
            holds=Holds(stores.box),
            quarantine=QuarantineRows(stores.box),
            tombstones=tombstone_file(state),
        )
        everything = await asyncio.to_thread(erasable, state, stores)
        await replay_tombstones(everything)
        trouble = ""
        if clock is None:
            trouble = await clock_trouble(stores, is_right=clock_is_right)
        report = PurgeReport()
        if not trouble:
            report = await Purge(belongings, clock or SystemClock(), eraser).run()
        if report.remote_left and report.refused is None:
            report.refused = unsigned
        await blobs.sweep()
        if report.purged or report.exams_ended:
            # What was deleted must not stay readable in the databases' logs.
            await stores.box.scrub()
            await stores.names.scrub()
        left = await undeleted(everything)
        if not left:
            await finish_in(state, config, stores, signer=signer, clock=clock)
        await asyncio.to_thread(_keep_snapshot, state, exams_ended=bool(report.exams_ended))
        if trouble:
            raise Refused(trouble, code="clock-jumped")
        if left:
            raise not_deleted(left)
        return report


def _keep_snapshot(state: Path, *, exams_ended: bool) -> None:
    """The databases as they are after the round, for `hallvakt repair`. Never older than the last
    deletion; what was kept of damaged files goes with the first exam whose retention ends."""
    if exams_ended:
        for old in (state / SNAPSHOTS).glob("damaged-*"):
            shutil.rmtree(old, ignore_errors=True)
    try:
        snapshots.make(state / "db", state / SNAPSHOTS / "night")
    except NoRoom as error:
        log.warning("no snapshot for a repair", reason=error.message)


if __name__ == "__main__":
    from appliance.cli.main import run

    sys.exit(run(["janitor", *sys.argv[1:]]))
