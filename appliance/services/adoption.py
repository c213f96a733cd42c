"""A box takes the archive of one that is gone into its care.

What the cloud holds of the other box is verified against that box's own signature and opened with
the recovery key, and then journalled here as if this box had sent it. From then on this box proves
it, restores from it, erases in it and deletes it when retention ends. Nothing in the cloud changes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.batch import PackPlan
from appliance.core.errors import IntegrityFailure
from appliance.core.exam import Exam, ExamState, Seat
from appliance.core.ids import AttemptId, PackName
from appliance.core.manifest import PackEntry
from appliance.core.pack_journal import JournalledManifest, PackJournal, PackState
from appliance.core.ports import AttemptStore, AuditStore, Clock, ExamStore, ObjectCloud
from appliance.core.retention import DAY_MS
from appliance.core.settings import ExamSettings, Retention
from appliance.core.snippet import PriorityClass, StoredObject
from appliance.services.archive_listing import Listed, Listing
from appliance.services.placed_rows import Placed


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An exam in the cloud: its verified listing, its document, and the head of the record
    of every attempt that was opened (None: erased, or not for this key)."""

    listing: Listing
    document: Mapping[str, Any]
    records: Mapping[AttemptId, Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    exams: ExamStore
    attempts: AttemptStore
    journal: PackJournal
    audit: AuditStore
    objects: ObjectCloud
    clock: Clock
    new_code: Callable[[], str]

    async def adopt(self, found: Found, manifests: AsyncIterator[Listed]) -> bool:
        """False when this box has the exam already. `manifests` are those of `found`, once more and
        one at a time; an adoption that was cut goes on.

        Raise IntegrityFailure when a pack that was signed for is not there: nothing is adopted
        then."""
        listing = found.listing
        known = {exam.exam_id: exam for exam in await self.exams.all()}
        mine = known.get(listing.exam_id)
        if mine is not None and await self.journal.closed(listing.exam_id):
            return False
        checksums = await self._checksums(listing.packs)
        if mine is None:
            await self.exams.add(self._exam(found))
            await self.attempts.add(self._attempts(found))
        elif mine.state is ExamState.CLOSED:
            # Restored from a backup older than the night that sent it.
            await self.exams.replace(self._exam(found), expected=ExamState.CLOSED)
        # An adoption that was cut has left a part behind, which stays.
        packs = {head.name: head.state for head in await self.journal.heads(listing.exam_id)}
        written = {manifest.name async for manifest in self.journal.manifests(listing.exam_id)}
        async for listed in manifests:
            number = listed.manifest.number
            if number > listing.chain.number:
                break  # came since, and is not what was opened
            await self._packs(listed, packs, checksums)
            if listed.name not in written:
                await self._manifest(listed)
            await self.journal.confirm(listing.exam_id, number, self.clock.now_ms())
        await self.audit.append("box", "archive.adopted", "archive", listing.exam_id)
        return True

    async def _checksums(self, packs: Sequence[PackEntry]) -> dict[str, str]:
        found: dict[str, str] = {}
        for pack in packs:
            there = await self.objects.stat(f"packs/{pack.name}")
            if there is None or there.size != pack.size:
                raise IntegrityFailure(
                    "A pack that the other box signed for is missing: nothing was adopted.",
                    code="pack-missing",
                )
            found[pack.name] = there.crc32c
        return found

    def _exam(self, found: Found) -> Exam:
        times = found.document.get("times") or {}
        closed_ms = int(times.get("closed_ms") or 0)
        days = max(1, round((int(times.get("ends_ms") or 0) - closed_ms) / DAY_MS))
        records = [record for record in found.records.values() if record]
        return Exam(
            exam_id=found.listing.exam_id,
            code=self.new_code(),
            state=ExamState.ARCHIVED,
            settings=ExamSettings(
                title=str(records[0]["title"]) if records else "?",
                retention=Retention(days=days),
            ),
            settings_hash=found.document.get("settings_hash"),
            created_ms=int(times.get("opened_ms") or closed_ms),
            opened_ms=times.get("opened_ms"),
            started_ms=times.get("started_ms"),
            closed_ms=closed_ms,
        )

    def _attempts(self, found: Found) -> list[Attempt]:
        return [
            Attempt(
                attempt_id=attempt,
                exam_id=found.listing.exam_id,
                seat=Seat(
                    hall=str(record["hall"]) if record else "?",
                    label=str(record["seat"]) if record else attempt[:8].upper(),
                ),
                state=AttemptState.HANDED_IN,
                camera=CameraState.UNKNOWN,
                seat_code_hash=attempt,  # nobody's: it can never be typed
                finished_ms=record.get("finished_ms") if record else None,
            )
            for attempt, record in found.records.items()
        ]

    async def _packs(
        self, listed: Listed, known: Mapping[PackName, PackState], checksums: Mapping[str, str]
    ) -> None:
        packs = listed.manifest.packs
        await self.journal.plan(
            [
                (pack.name, _plan(listed, pack, listed.in_pack[pack.name]))
                for pack in packs
                if pack.name not in known
            ]
        )
        for pack in packs:
            if known.get(pack.name, PackState.PLANNED) is PackState.PLANNED:
                await self.journal.uploaded(
                    pack.name, sha256=pack.sha256.hex(), crc32c=checksums[pack.name]
                )

    async def _manifest(self, listed: Listed) -> None:
        await self.journal.add_manifest(
            JournalledManifest(
                name=listed.name,
                exam_id=listed.chain.exam_id,
                number=listed.manifest.number,
                payload=listed.signed["payload"],
                signature=listed.signed["signature"],
                public_key=listed.signed["public_key"],
                closes=listed.manifest.close is not None,
            ),
            [pack.name for pack in listed.manifest.packs],
        )


def _plan(listed: Listed, pack: PackEntry, placed: Sequence[Placed]) -> PackPlan:
    """The class of a pack stood in the other box's journal only; it is sent, so any will do."""
    return PackPlan(
        exam_id=listed.chain.exam_id,
        attempt_id=pack.attempt_id,
        priority=PriorityClass.REST,
        objects=tuple(
            StoredObject(
                name=one.entry.name,
                header=one.header(listed.chain),
                size=one.entry.size,
                sha256=one.entry.sha256.hex(),
                stored_ms=0,
            )
            for one in placed
        ),
        size=pack.size,
    )
