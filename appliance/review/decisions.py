"""Reviewers' decisions, written back to the cloud copy and read from it.

A decision is signed by its reviewer and sealed under the attempt's own key. So everybody who may
review the attempt can read it and nobody in the cloud can, and erasing the attempt erases what was
decided about it. Object and record are created, never replaced: the object's name follows from
attempt and number, so two reviewers cannot both write the next one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from appliance.adapters.crypto import signing
from appliance.adapters.crypto.deterministic import decode, encode
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.signing import SigningKey
from appliance.core import review_decision as decisions
from appliance.core.errors import Conflict, IntegrityFailure, Locked
from appliance.core.ids import AttemptId
from appliance.core.ports import Clock, ObjectCloud, RecordCloud
from appliance.core.review_decision import ReviewDecision, Signed, Verdict
from appliance.core.snippet import ObjectHeader, ObjectKind
from appliance.review.archive import OpenAttempt, OpenExam
from appliance.services import cloud_documents as documents


class DecisionBook:
    """`known`: public keys of the school's reviewers (32 bytes each); empty: all count, and people
    compare fingerprints."""

    def __init__(
        self,
        objects: ObjectCloud,
        records: RecordCloud,
        key: SigningKey,
        *,
        reviewer: str,
        known: Collection[bytes],
        clock: Clock,
    ) -> None:
        self._objects = objects
        self._records = records
        self._key = key
        self._reviewer = reviewer
        self._known = known
        self._clock = clock
        self._sealing = ObjectSealing()

    @property
    def public_key(self) -> bytes:
        return self._key.public_bytes

    async def of_exam(self, exam: OpenExam) -> dict[AttemptId, list[Signed]]:
        """By attempt, of those this key opens. Raise IntegrityFailure where one is missing in the
        middle, was changed, or does not belong where it lies."""
        rows = await self._records.find(documents.DECISIONS, exam=exam.listing.exam_id)
        found: dict[AttemptId, list[Signed]] = {}
        numbers: dict[AttemptId, set[int]] = {}
        for row in rows:
            numbers.setdefault(AttemptId(str(row.get("attempt"))), set()).add(int(row["number"]))
        for attempt_id, wanted in numbers.items():
            attempt = exam.attempts.get(attempt_id)
            if attempt is not None and not attempt.locked:
                found[attempt_id] = await self._read(exam, attempt, max(wanted))
        return found

    async def of_attempt(self, exam: OpenExam, attempt: OpenAttempt) -> list[Signed]:
        rows = await self._records.find(
            documents.DECISIONS, exam=exam.listing.exam_id, attempt=attempt.attempt_id
        )
        return await self._read(exam, attempt, max([0, *(int(row["number"]) for row in rows)]))

    async def decide(
        self,
        exam: OpenExam,
        attempt: OpenAttempt,
        *,
        verdict: Verdict,
        reason: str,
        answer: str = "",
        answers: int | None = None,
        agrees: bool | None = None,
    ) -> list[Signed]:
        """All decisions with the new one. Raise Conflict when somebody else was first."""
        if attempt.locked:
            raise Locked("Your key does not open this attempt, so it cannot decide about it.")
        earlier = await self.of_attempt(exam, attempt)
        number = len(earlier) + 1
        decision = ReviewDecision(
            box_id=exam.listing.box_id,
            exam_id=exam.listing.exam_id,
            attempt_id=attempt.attempt_id,
            number=number,
            previous=_digest(earlier[-1]) if earlier else decisions.GENESIS,
            decided_ms=self._clock.now_ms(),
            reviewer=self._reviewer,
            verdict=verdict,
            reason=reason.strip(),
            answer=answer.strip(),
            answers=answers,
            agrees=agrees,
        )
        decisions.check(decision, earlier, self._key.public_bytes)
        payload = encode(decisions.payload(decision))
        content = encode(
            {
                "payload": payload,
                "signature": self._key.sign(decisions.PURPOSE, payload),
                "public_key": self._key.public_bytes,
            }
        )
        epoch = max(attempt.secrets)
        sealed = await asyncio.to_thread(
            self._sealing.seal, attempt.secrets[epoch], self._header(decision, epoch), content
        )
        name = object_name(attempt.attempt_id, number)
        try:
            await self._objects.put(f"decisions/{name}", sealed)
        except Conflict:
            # Its writer may have been cut off before the record: finish that, so that it is seen.
            await self._finish(exam, attempt, number)
            raise Conflict(
                "Somebody decided about this attempt just now: look at their decision first.",
                code="decided-meanwhile",
            ) from None
        await self._record(decision, sealed)
        return [*earlier, Signed(decision=decision, public_key=self._key.public_bytes)]

    async def _finish(self, exam: OpenExam, attempt: OpenAttempt, number: int) -> None:
        sealed = await self._objects.get(f"decisions/{object_name(attempt.attempt_id, number)}")
        opened = await asyncio.to_thread(self._open, exam, attempt, number, sealed)
        await self._record(opened.decision, sealed)

    async def _record(self, decision: ReviewDecision, sealed: bytes) -> None:
        row: dict[str, Any] = {
            "_id": object_name(decision.attempt_id, decision.number),
            "exam": decision.exam_id,
            "box": decision.box_id,
            "attempt": decision.attempt_id,
            "number": decision.number,
            "size": len(sealed),
            "sha256": hashlib.sha256(sealed).hexdigest(),
            "at_ms": decision.decided_ms,
        }
        await self._records.create(documents.DECISIONS, [row])

    async def _read(self, exam: OpenExam, attempt: OpenAttempt, last: int) -> list[Signed]:
        found: list[Signed] = []
        for number in range(1, last + 1):
            name = object_name(attempt.attempt_id, number)
            sealed = await self._objects.get(f"decisions/{name}")
            signed = await asyncio.to_thread(self._open, exam, attempt, number, sealed)
            if signed.decision.previous != (_digest(found[-1]) if found else decisions.GENESIS):
                raise IntegrityFailure("A decision about this attempt is missing or was replaced.")
            found.append(signed)
        return found

    def _open(self, exam: OpenExam, attempt: OpenAttempt, number: int, sealed: bytes) -> Signed:
        """Tried with each of the attempt's keys: decisions come after the last epoch."""
        for epoch in sorted(attempt.secrets, reverse=True):
            header = ObjectHeader(
                kind=ObjectKind.DECISION,
                box_id=exam.listing.box_id,
                exam_id=exam.listing.exam_id,
                attempt_id=attempt.attempt_id,
                sequence=number,
                epoch=epoch,
            )
            try:
                content = self._sealing.open(attempt.secrets[epoch], header, sealed)
                break
            except IntegrityFailure:
                continue
        else:
            raise IntegrityFailure("A decision in the cloud is not what its reviewer wrote.")
        document = decode(content)
        if not isinstance(document, dict):
            raise IntegrityFailure("A decision in the cloud has another shape.")
        payload, key = document["payload"], document["public_key"]
        signing.verify(key, decisions.PURPOSE, payload, document["signature"])
        decision = decisions.parse(decode(payload))
        if (decision.attempt_id, decision.number) != (attempt.attempt_id, number):
            raise IntegrityFailure("A decision speaks of another attempt than its own.")
        return Signed(
            decision=decision, public_key=key, known=not self._known or key in self._known
        )

    def _header(self, decision: ReviewDecision, epoch: int) -> ObjectHeader:
        return ObjectHeader(
            kind=ObjectKind.DECISION,
            box_id=decision.box_id,
            exam_id=decision.exam_id,
            attempt_id=decision.attempt_id,
            sequence=decision.number,
            epoch=epoch,
        )


def object_name(attempt: AttemptId, number: int) -> str:
    """32 hexadecimal digits that only who knows the attempt's id can tell."""
    return hashlib.sha256(f"decision\n{attempt}\n{number}".encode()).hexdigest()[:32]


def _digest(signed: Signed) -> bytes:
    return hashlib.sha256(encode(decisions.payload(signed.decision))).digest()


def as_documents(found: Sequence[Signed]) -> list[dict[str, Any]]:
    """For the page and the command line."""
    return [
        {
            "number": s.decision.number,
            "verdict": s.decision.verdict.value,
            "reason": s.decision.reason,
            "answer": s.decision.answer,
            "answers": s.decision.answers,
            "agrees": s.decision.agrees,
            "decided_ms": s.decision.decided_ms,
            "reviewer": s.decision.reviewer,
            "fingerprint": signing.fingerprint(s.public_key),
            "known": s.known,
        }
        for s in found
    ]
