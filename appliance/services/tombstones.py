"""What every opener of a box's state does first: make tombstones true again.

A restored backup brings rows, keys and ciphertext back that were erased after it was made. The
tombstones stand in three places (the database, a file beside it, the cloud's records); what any of
them says is gone, goes again, before anybody is answered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from appliance.core.erasure import ErasureJournal, TombstoneLog
from appliance.core.ids import AttemptId
from appliance.core.pack_journal import PackJournal, Tombstone
from appliance.core.ports import BlobStore, EnvelopeStore, IdentityStore, SnippetStore
from appliance.core.quarantine import Quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Every place on the box that holds something of an attempt."""

    envelopes: EnvelopeStore
    identities: IdentityStore
    snippets: SnippetStore
    blobs: BlobStore
    packs: PackJournal
    erasures: ErasureJournal
    quarantine: Quarantine
    log: TombstoneLog


async def destroy(box: Belongings, attempt: AttemptId) -> bool:
    """Keys, ciphertext, rows, in this order; whether anything was there. Idempotent."""
    found = False
    if await box.envelopes.last_epoch(attempt) or await box.envelopes.of_attempt(attempt):
        await box.envelopes.delete(attempt)
        found = True
    for stored in await box.snippets.objects(attempt):
        await box.blobs.delete(stored.name)
        await box.snippets.remove_object(stored.name)
        found = True
    for aside in await box.quarantine.of_attempt(attempt):
        await box.blobs.delete(aside.name)
        await box.quarantine.remove(aside.name)
        found = True
    return bool(await box.erasures.purge_rows(attempt)) or found


async def replay_tombstones(box: Belongings, more: Collection[Tombstone] = ()) -> int:
    """Apply every tombstone known here, and `more` (the cloud's, after their signatures were
    checked). Return how many brought something down again; 0 on any ordinary day."""
    stones = [*await box.packs.tombstones(), *await box.log.read(), *more]
    known = {(stone.exam_id, stone.attempt_id): stone for stone in reversed(stones)}
    await box.log.append(list(known.values()))
    again = 0
    for stone in known.values():
        await box.packs.add_tombstone(stone)
        if str(stone.attempt_id) == stone.exam_id:  # of the exam's names, when its retention ended
            await box.identities.delete(stone.exam_id)
        again += await destroy(box, stone.attempt_id)
    return again
