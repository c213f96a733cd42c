"""Composition of `services.orphans`, for the gateway's start and for the night."""

from __future__ import annotations

from appliance.adapters.crypto.objects import read_header
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.stores import Stores
from appliance.core.ids import BoxId
from appliance.core.ports import BlobStore, Clock
from appliance.services.orphans import OrphanRows, Orphans


def orphans(stores: Stores, blobs: BlobStore, clock: Clock, box_id: BoxId) -> Orphans:
    rows = OrphanRows(
        exams=stores.exams,
        attempts=stores.attempts,
        envelopes=stores.envelopes,
        snippets=stores.snippets,
        quarantine=QuarantineRows(stores.box),
    )
    return Orphans(rows, blobs, clock, box_id=box_id, read_header=read_header)
