"""What every opener of a box's state does first: make tombstones true again.

A restored backup brings rows, keys and ciphertext back that were erased after it was made. The
tombstones stand in three places (the database, a file beside it, the cloud's records); what any of
them says is gone, goes again, before anybody is answered. An exam does not wait for a file that
cannot be deleted: its envelopes and its rows are gone, so no reviewer opens it and nobody is shown
it, it is tried again each time, no certificate is signed meanwhile, and whoever looks at the box is
told (`undeleted`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from appliance.core.erasure import ErasureJournal, TombstoneLog
from appliance.core.errors import NoRoom, Unreachable
from appliance.core.ids import AttemptId, ObjectName
from appliance.core.pack_journal import PackJournal, Tombstone
from appliance.core.ports import BlobStore, EnvelopeStore, IdentityStore, SnippetStore
from appliance.core.quarantine import Aside, Quarantine, Quarantined
from appliance.core.snippet import StoredObject


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


async def destroy(box: Belongings, attempt: AttemptId, *, files_later: bool = False) -> bool:
    """Keys, ciphertext, rows, in this order; whether anything was there. Idempotent. Raise NoRoom
    or Unreachable at the first file that cannot be deleted; with `files_later` it is left for the
    next time, and the rest goes."""
    found = False
    if await box.envelopes.last_epoch(attempt) or await box.envelopes.of_attempt(attempt):
        await box.envelopes.delete(attempt)
        found = True
    for stored in await box.snippets.objects(attempt):
        if not await _deleted(box, stored.name, files_later=files_later):
            await box.quarantine.put(_aside(stored))
        await box.snippets.remove_object(stored.name)
        found = True
    for aside in await box.quarantine.of_attempt(attempt):
        if await _deleted(box, aside.name, files_later=files_later):
            await box.quarantine.remove(aside.name)
            found = True
        elif aside.why is not Aside.ERASED:
            await box.quarantine.put(replace(aside, why=Aside.ERASED))
    return bool(await box.erasures.purge_rows(attempt, copies_later=files_later)) or found


async def _deleted(box: Belongings, name: ObjectName, *, files_later: bool) -> bool:
    try:
        await box.blobs.delete(name)
    except (NoRoom, Unreachable):
        if not files_later:
            raise
        return False
    return True


def _aside(stored: StoredObject) -> Quarantined:
    return Quarantined(
        name=stored.name,
        header=stored.header,
        size=stored.size,
        sha256=stored.sha256,
        found_ms=stored.stored_ms,
        why=Aside.ERASED,
    )


async def undeleted(box: Belongings) -> int:
    """How many files still hold something that was erased, copies of the databases as one."""
    kept = sum(aside.why is Aside.ERASED for aside in await box.quarantine.all())
    return kept + await box.erasures.copies_left()


async def replay_tombstones(box: Belongings, more: Collection[Tombstone] = ()) -> int:
    """Apply every tombstone known here, and `more` (the cloud's, after their signatures were
    checked). Return how many brought something down again; 0 on any ordinary day. What could not be
    deleted is left for the next replay (`undeleted`)."""
    stones = [*await box.packs.tombstones(), *await box.log.read(), *more]
    known = {(stone.exam_id, stone.attempt_id): stone for stone in reversed(stones)}
    await box.log.append(list(known.values()))
    again = 0
    for stone in known.values():
        await box.packs.add_tombstone(stone)
        if str(stone.attempt_id) == stone.exam_id:  # of the exam's names, when its retention ended
            await box.identities.delete(stone.exam_id)
        again += await destroy(box, stone.attempt_id, files_later=True)
    return again
