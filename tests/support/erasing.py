"""The desk that erases, on a closed exam's state without a gateway; and what is left of an attempt
when every key of the school is tried on everything a box holds."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.crypto.wrapping import KeyWrapping
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.store.stores import Stores, open_stores
from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import AttemptId, BoxId, ExamId, UserId
from appliance.core.roles import Action, Person, Role
from appliance.processes.data_protection_parts import erasure_desk
from appliance.services.access import Access
from appliance.services.erasure import BoxSignature, ErasureDesk
from appliance.services.key_ring import KeyRing
from appliance.services.names import Names

OFFICER = Person(user_id=UserId("a" * 32), role=Role.DATA_PROTECTION_OFFICER)
SECOND = Person(user_id=UserId("b" * 32), role=Role.DATA_PROTECTION_OFFICER)


def desk(state: Path, stores: Stores, box_id: BoxId, key: SigningKey) -> ErasureDesk:
    keys = KeyRing(
        envelopes=stores.envelopes,
        wrapping=KeyWrapping(),
        files=LiveKeyFiles(state / "live"),
        randomness=SystemRandomness(),
        recipients=lambda: (),
    )
    return erasure_desk(
        state,
        stores,
        Access(stores.exams, stores.attempts, stores.audit),
        Names(stores.identities, ObjectSealing(), keys, box_id),
        BoxSignature(box_id=box_id, sign=key.sign, public_key=key.public_bytes),
        SystemClock(),
    )


async def erase_on_box(
    state: Path, box_id: BoxId, key: SigningKey, exam: ExamId, attempt: AttemptId
) -> None:
    """As the gateway does when two officers ask."""
    stores = await asyncio.to_thread(open_stores, state)
    try:
        made = await asyncio.to_thread(desk, state, stores, box_id, key)
        access = Access(stores.exams, stores.attempts, stores.audit)
        asked = await access.to_exam(OFFICER, Action.ATTEMPT_ERASE, exam)
        await made.erase(asked, SECOND, attempt, "2026-17")
    finally:
        await stores.close()


async def openable(
    state: Path, attempt: AttemptId, keys: Sequence[PrivateKey]
) -> list[tuple[int, int]]:
    """(kind, number) of every object of `attempt` on this box that one of `keys` opens."""
    stores = await asyncio.to_thread(open_stores, state)
    blobs = await asyncio.to_thread(DirectoryBlobs, state / "blobs")
    opened = []
    try:
        secrets: dict[int, bytes] = {}
        for envelope in await stores.envelopes.of_attempt(attempt):
            for key in keys:
                try:
                    secrets[envelope.epoch] = open_envelope(key.for_opening(), envelope)
                except IntegrityFailure:
                    continue
        for stored in await stores.snippets.objects(attempt):
            try:
                sealed = await blobs.get(stored.name)
                ObjectSealing().open(secrets[stored.header.epoch], stored.header, sealed)
            except (KeyError, NotFound, IntegrityFailure):
                continue
            opened.append((int(stored.header.kind), stored.header.sequence))
    finally:
        await stores.close()
    return opened
