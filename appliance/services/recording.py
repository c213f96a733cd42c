"""What follows the packs of an exam into the cloud, and the proof that all of it is there.

Manifests and records are written, then everything is read back from both stores and compared;
only then is anything *confirmed*. An exam is gone through attempt by attempt, because a long one
has hundreds of thousands of objects.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from appliance.core import manifest_payload
from appliance.core.errors import IntegrityFailure, WrongState
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.keys import Envelope
from appliance.core.pack_journal import JournalledManifest, PackHead, PackJournal, PackState
from appliance.core.ports import Clock, ObjectCloud, RecordCloud
from appliance.core.transfer import Line
from appliance.services import cloud_documents as documents
from appliance.services.described import described
from appliance.services.paced_records import PacedRecords
from appliance.services.signing import Decode, Encode

Documents = list[dict[str, object]]


class Recording:
    """`line` is asked before each record too, which raises Refused when the window ends or somebody
    pauses: called again it goes on. `read_back` raises when a sample of the cloud copy is not what
    was signed."""

    def __init__(
        self,
        journal: PackJournal,
        objects: ObjectCloud,
        records: RecordCloud,
        line: Line,
        *,
        box_id: BoxId,
        encode: Encode,
        decode: Decode,
        clock: Clock,
        read_back: Callable[[ExamId], Awaitable[object]],
    ) -> None:
        self._journal = journal
        self._objects = objects
        self._records = records
        self._to_records = PacedRecords(records, line, encode)
        self._box_id = box_id
        self._encode = encode
        self._decode = decode
        self._clock = clock
        self._read_back = read_back

    async def record(self, exam: Exam, envelopes: Sequence[Envelope]) -> None:
        async for written in self._journal.manifests(exam.exam_id):
            await self._objects.put(
                f"manifests/{written.name}",
                self._encode(documents.manifest_object(written)),
            )
        await self._to_records.upsert(documents.EXAMS, [self._exam(exam)])
        # Only an exam's own document ever changes: its state, and only by this box.
        await self._to_records.create(documents.ATTEMPTS, self._attempts(exam, envelopes))
        async for _, rows in self._packs(exam.exam_id):
            await self._to_records.create(documents.PACKS, rows)
        async for written in self._journal.manifests(exam.exam_id):
            await self._to_records.create(documents.MANIFESTS, [self._manifest(written)])

    async def confirm(self, exam: Exam, envelopes: Sequence[Envelope]) -> None:
        """Read everything of this exam back from both stores and compare; then say confirmed."""
        await self._compare_objects(exam.exam_id)
        await self._compare(documents.EXAMS, [self._exam(exam)], _id=exam.exam_id)
        attempts = self._attempts(exam, envelopes)
        await self._compare(documents.ATTEMPTS, attempts, exam=exam.exam_id)
        async for attempt, rows in self._packs(exam.exam_id):
            await self._compare(documents.PACKS, rows, attempt=attempt)
        async for written in self._journal.manifests(exam.exam_id):
            rows = [self._manifest(written)]
            await self._compare(documents.MANIFESTS, rows, _id=written.name)
        await self._read_back(exam.exam_id)
        async for written in self._journal.manifests(exam.exam_id):
            remote = await self._objects.stat(f"manifests/{written.name}")
            expected = len(self._encode(documents.manifest_object(written)))
            if remote is None or remote.size != expected:
                raise IntegrityFailure("A manifest is missing from the object store.")
            await self._journal.confirm(exam.exam_id, written.number, self._clock.now_ms())
        if any(h.state is not PackState.CONFIRMED for h in await self.heads(exam.exam_id)):
            raise WrongState("Another run is sending this exam: try again when it is done.")

    async def archived(self, exam: Exam) -> None:
        """Say there that it is confirmed. The read-back before may have outlasted the window: then
        the next one says it."""
        done = documents.exam_document(exam, self._box_id, ExamState.ARCHIVED)
        await self._to_records.upsert(documents.EXAMS, [done])

    async def heads(self, exam: ExamId) -> list[PackHead]:
        """What is to be in the cloud: an erased attempt's packs are not, wherever the night was
        cut when it was erased."""
        erased = {stone.attempt_id for stone in await self._journal.tombstones()}
        return [h for h in await self._journal.heads(exam) if h.attempt_id not in erased]

    async def _packs(self, exam: ExamId) -> AsyncIterator[tuple[AttemptId, Documents]]:
        """The documents of one attempt's packs after another."""
        names = defaultdict(list)
        for head in await self.heads(exam):
            names[head.attempt_id].append(head.name)
        for attempt, group in names.items():
            packs = [await self._journal.pack(name) for name in group]
            yield attempt, [documents.pack_document(pack, self._box_id) for pack in packs]

    async def _compare_objects(self, exam: ExamId) -> None:
        heads = await self.heads(exam)
        there = await described(self._objects, [f"packs/{head.name}" for head in heads])
        for head in heads:
            remote = there.get(f"packs/{head.name}")
            if remote is None or (remote.size, remote.crc32c) != (head.size, head.crc32c):
                raise IntegrityFailure(
                    "The object store does not have what it took: nothing is deleted here. Ask "
                    "the technician."
                )

    async def _compare(self, collection: str, sent: Documents, **equals: str) -> None:
        if not documents.same(await self._records.find(collection, **equals), sent):
            raise IntegrityFailure(
                "The database does not have what it took: nothing is deleted here. Ask the "
                "technician."
            )

    def _exam(self, exam: Exam) -> dict[str, object]:
        return documents.exam_document(exam, self._box_id, ExamState.CLOSED)

    def _attempts(self, exam: Exam, envelopes: Sequence[Envelope]) -> Documents:
        return documents.attempt_documents(exam.exam_id, self._box_id, envelopes)

    def _manifest(self, written: JournalledManifest) -> dict[str, object]:
        place = manifest_payload.place(self._decode(written.payload))
        return documents.manifest_document(written, place)
