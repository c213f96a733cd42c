"""`attempt erase`, on the box: two people decide, then keys, ciphertext and rows go.

The gateway does this part, for it knows who is logged in and can seal the names anew while an
exam is still open to it. The cloud's part (`services/erasure_in_cloud.py`) runs in a process that
reaches the internet, at once or, when the line is down, with the janitor.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from appliance.core.erasure import (
    LONGEST_REFERENCE,
    TOMBSTONE_PURPOSE,
    DestroyedEnvelope,
    DestroyedObject,
    Erasure,
    NameLeft,
    tombstone_payload,
)
from appliance.core.errors import BadInput, Locked, NotFound, Refused, WrongState
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId, BoxId
from appliance.core.legal_hold import LegalHolds
from appliance.core.ports import AttemptStore, Clock
from appliance.core.roles import Action, Object, Person, authorise
from appliance.services.access import Access, ExamFor
from appliance.services.names import Names
from appliance.services.signing import Encode
from appliance.services.tombstones import Belongings, destroy


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxSignature:
    """The box's own key, inside the gateway. `sign` takes (purpose, payload)."""

    box_id: BoxId
    sign: Callable[[str, bytes], bytes]
    public_key: bytes


class ErasureDesk:
    def __init__(
        self,
        *,
        access: Access,
        attempts: AttemptStore,
        belongings: Belongings,
        holds: LegalHolds,
        names: Names,
        signature: BoxSignature,
        encode: Encode,
        clock: Clock,
    ) -> None:
        self._access = access
        self._attempts = attempts
        self.belongings = self._box = belongings
        self._holds = holds
        self._names = names
        self._signature = signature
        self._encode = encode
        self._clock = clock

    async def erase(
        self, asked: ExamFor, second: Person, attempt: AttemptId, reference: str
    ) -> Erasure:
        """Destroy what the box holds of `attempt`; asked again after a cut, it goes on.

        `asked` was authorised for ATTEMPT_ERASE; `second` must be another person with the right to
        countersign. Raises NotAllowed, Refused, WrongState under a legal hold, NotFound.
        """
        exam = asked.exam
        about = Object(exam_id=exam.exam_id, exam_state=exam.state)
        authorise(second, Action.ERASURE_COUNTERSIGN, about)
        if second.user_id == asked.person.user_id:
            raise Refused(
                "Two people erase, and these are the same: ask a second officer or the lead.",
                code="same-person",
            )
        if await self._holds.get(exam.exam_id) is not None:
            raise WrongState(
                "The exam is under a legal hold, so nothing of it is deleted: release it first "
                "with `hallvakt exam hold EXAM --release`."
            )
        if len(reference) > LONGEST_REFERENCE or not reference.isprintable():
            raise BadInput(f"A reference has at most {LONGEST_REFERENCE} printable characters.")
        erasure = await self._box.erasures.erasure(attempt)
        if erasure is None:
            await self._known(exam, attempt)
            await self._access.note(asked.person, "erasure", attempt, asked.action.value)
            await self._access.note(second, "erasure", attempt, Action.ERASURE_COUNTERSIGN.value)
            people = (asked.person, second)
            erasure = await self._written_down(exam, attempt, people, reference)
            await self._box.erasures.begin(erasure)
        elif erasure.exam_id != exam.exam_id:
            raise _unknown()
        await self._box.log.append([erasure.tombstone])
        await destroy(self._box, attempt)
        if erasure.name is NameLeft.REMOVED:
            await self._names.drop(exam.exam_id, attempt)
        return erasure

    async def _known(self, exam: Exam, attempt: AttemptId) -> None:
        """Rows may be gone when retention or a restored backup took them; then the journal of the
        night still knows the attempt."""
        if any(a.attempt_id == attempt for a in await self._attempts.of_exam(exam.exam_id)):
            return
        if any(p.attempt_id == attempt for p in await self._box.packs.heads(exam.exam_id)):
            return
        raise _unknown()

    async def _written_down(
        self, exam: Exam, attempt: AttemptId, people: tuple[Person, Person], reference: str
    ) -> Erasure:
        now_ms = self._clock.now_ms()
        payload = self._encode(
            tombstone_payload(self._signature.box_id, exam.exam_id, attempt, now_ms)
        )
        held = {o.name: o for o in await self._box.snippets.objects(attempt)}
        for head in await self._box.packs.heads(exam.exam_id):
            if head.attempt_id == attempt:
                pack = await self._box.packs.pack(head.name)
                held |= {o.name: o for o in pack.objects}
        return Erasure(
            box_id=self._signature.box_id,
            exam_id=exam.exam_id,
            attempt_id=attempt,
            begun_ms=now_ms,
            officers=(people[0].user_id, people[1].user_id),
            reference=reference,
            name=await self._name_left(exam),
            envelopes=tuple(
                DestroyedEnvelope(
                    epoch=e.epoch,
                    recipient_id=e.recipient_id,
                    sha256=hashlib.sha256(e.sealed_key).hexdigest(),
                )
                for e in await self._box.envelopes.of_attempt(attempt)
            ),
            objects=tuple(
                DestroyedObject(
                    name=o.name,
                    kind=o.header.kind,
                    sequence=o.header.sequence,
                    size=o.size,
                    sha256=o.sha256,
                )
                for o in sorted(held.values(), key=lambda o: (o.header.kind, o.header.sequence))
            ),
            tombstone_signature=self._signature.sign(TOMBSTONE_PURPOSE, payload),
            public_key=self._signature.public_key,
        )

    async def _name_left(self, exam: Exam) -> NameLeft:
        try:
            await self._names.all(exam.exam_id)
        except Locked:
            return NameLeft.SEALED
        return NameLeft.REMOVED


def _unknown() -> NotFound:
    return NotFound("There is no such candidate in this exam.")
