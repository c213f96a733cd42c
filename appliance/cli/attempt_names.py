"""Whose attempt is whose, after close: opened with an officer's, reviewer's or recovery key, for
subject access and erasure. Erased people are dropped, whatever the sealed names still hold."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import open_stores
from appliance.config import box
from appliance.core.errors import Locked, NotFound
from appliance.core.ids import AttemptId, ExamId
from appliance.core.snippet import ObjectHeader, ObjectKind
from appliance.processes.erased_state import tombstone_file
from appliance.services.names import Identity, decode_names


async def open_names(state: Path, exam: ExamId, key: PrivateKey) -> Mapping[AttemptId, Identity]:
    """Audited first, under the key's id. Raise NotFound or Locked."""
    config = await asyncio.to_thread(box.load, state)
    private = key.for_opening()
    stores = await asyncio.to_thread(open_stores, state)
    try:
        sealed = await stores.identities.get(exam)
        if sealed is None:
            raise NotFound("The box holds no names of this exam: check the exam's id.")
        envelopes = await stores.envelopes.of_attempt(AttemptId(exam))
        mine = [e for e in envelopes if e.recipient_id == private.recipient_id]
        if not mine:
            raise Locked("Your key does not open these names: it was not among the recipients.")
        await stores.audit.append(private.recipient_id, "names_see", "subject-request", exam)
        stones = [*await Packs(stores.box).tombstones(), *await tombstone_file(state).read()]
    finally:
        await stores.close()
    secret = await asyncio.to_thread(open_envelope, private, mine[0])
    header = ObjectHeader(
        kind=ObjectKind.IDENTITY,
        box_id=config.box_id,
        exam_id=exam,
        attempt_id=AttemptId(exam),
        sequence=0,
        epoch=0,
    )
    names = decode_names(ObjectSealing().open(secret, header, sealed))
    erased = {stone.attempt_id for stone in stones if stone.exam_id == exam}
    return {attempt: who for attempt, who in names.items() if attempt not in erased}
