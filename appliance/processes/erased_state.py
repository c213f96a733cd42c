"""Tombstones first: what every process does with a box's state before it does anything else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import cbor2
import structlog

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto import signing
from appliance.adapters.store.erasures import Erasures
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.stores import Stores
from appliance.adapters.store.tombstone_file import TombstoneFile
from appliance.core.checkup import Check
from appliance.core.checkup_erased import left_to_delete
from appliance.core.ids import BoxId
from appliance.core.ports import RecordCloud
from appliance.processes.own_signature import own_public_keys
from appliance.services.erasure_in_cloud import signed_tombstones
from appliance.services.tombstones import Belongings, replay_tombstones, undeleted

DIRECTORY, SNAPSHOTS = "erased", "snapshots"
log = structlog.get_logger(__name__)


def tombstone_file(state: Path) -> TombstoneFile:
    return TombstoneFile(state / DIRECTORY / "tombstones.jsonl")


def belongings(state: Path, stores: Stores) -> Belongings:
    """Reads the disk: call it in a thread."""
    return Belongings(
        envelopes=stores.envelopes,
        identities=stores.identities,
        snippets=stores.snippets,
        blobs=DirectoryBlobs(state / "blobs"),
        packs=Packs(stores.box),
        erasures=Erasures(stores.box, snapshots=state / SNAPSHOTS),
        quarantine=QuarantineRows(stores.box),
        log=tombstone_file(state),
    )


async def replay_with_cloud(
    state: Path, box_id: BoxId, stores: Stores, records: RecordCloud
) -> int:
    """Tombstones of the database, the file and the cloud. The cloud is believed only where this
    box's own signature says so: nobody else can make a box delete anything."""
    keys = await asyncio.to_thread(own_public_keys, state)
    stones = await signed_tombstones(
        records, public_keys=keys, verify=signing.verify, encode=encode, box=box_id
    )
    again = await replay_tombstones(await asyncio.to_thread(belongings, state, stores), stones)
    if again:
        log.warning("erased again after a restore", attempts=again)
    return again


async def erasure_checks(state: Path, stores: Stores) -> Sequence[Check]:
    """For the doctor, and for a technician at a console."""
    everything = await asyncio.to_thread(belongings, state, stores)
    return left_to_delete(await undeleted(everything))


def encode(document: object) -> bytes:
    """Deterministic CBOR (RFC 8949, section 4.2)."""
    return cbor2.dumps(document, canonical=True)
