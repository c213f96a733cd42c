"""What reviewers decide about an attempt after the exam, and where that leaves it. Pure.

A reviewer decides with a reason; a finding against the candidate needs a second reviewer's word
unless the school's policy says otherwise (DESIGN ruling 7). Nothing is ever changed: a new word is
a new decision, each names the one before by digest, and the last first word counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from appliance.core.errors import BadInput, IntegrityFailure, NotAllowed
from appliance.core.ids import AttemptId, BoxId, ExamId

PURPOSE = "review decision"
VERSION = 1
MAX_TEXT = 4_000
GENESIS = bytes(32)


class Verdict(StrEnum):
    NO_FINDING = "no_finding"
    FINDING = "finding"  # against the candidate: handed on to the school's own procedure


class Standing(StrEnum):
    OPEN = "open"
    NO_FINDING = "no_finding"
    AWAITING_SECOND = "awaiting_second"
    DISAGREED = "disagreed"
    FINDING = "finding"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewDecision:
    """`number` counts from 1 within the attempt; `previous` is SHA-256 of the signed decision
    before (32 zero bytes for the first). `answers` is the number of a finding that this is a second
    reviewer's word on, `agrees` that word. `answer` is said to the candidate about their remark."""

    box_id: BoxId
    exam_id: ExamId
    attempt_id: AttemptId
    number: int
    previous: bytes
    decided_ms: int
    reviewer: str
    verdict: Verdict
    reason: str
    answer: str = ""
    answers: int | None = None
    agrees: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A decision and who signed it. `known` is False when the school listed its reviewers' keys
    and this is none of them: it is shown, and does not count."""

    decision: ReviewDecision
    public_key: bytes
    known: bool = True


def standing(decisions: Sequence[Signed], *, second_needed: bool = True) -> Standing:
    """Where the attempt stands after `decisions`, which are in the order of their numbers."""
    counted = [signed for signed in decisions if signed.known]
    firsts = [signed for signed in counted if signed.decision.answers is None]
    if not firsts:
        return Standing.OPEN
    last = firsts[-1]
    if last.decision.verdict is Verdict.NO_FINDING:
        return Standing.NO_FINDING
    words = [
        signed.decision.agrees
        for signed in counted
        if signed.decision.answers == last.decision.number and signed.public_key != last.public_key
    ]
    if words:
        return Standing.FINDING if words[-1] else Standing.DISAGREED
    return Standing.AWAITING_SECOND if second_needed else Standing.FINDING


def check(decision: ReviewDecision, earlier: Sequence[Signed], signer: bytes) -> None:
    """Raise BadInput or NotAllowed unless `signer` may say this after `earlier`."""
    if not decision.reason.strip():
        raise BadInput("Write the reason: a decision without one cannot be answered.")
    if max(len(decision.reason), len(decision.answer)) > MAX_TEXT:
        raise BadInput(f"The text is too long: write at most {MAX_TEXT} characters.")
    if decision.answers is None:
        return
    first = next((s for s in earlier if s.decision.number == decision.answers), None)
    if first is None or first.decision.answers is not None:
        raise BadInput("There is no such decision to second: look at the list again.")
    if first.decision.verdict is not Verdict.FINDING:
        raise BadInput("Only a finding needs a second reviewer.")
    if first.public_key == signer:
        raise NotAllowed("A second reviewer is another person: ask a colleague with their own key.")


def payload(decision: ReviewDecision) -> dict[str, Any]:
    """For deterministic CBOR; what is signed."""
    return {
        "version": VERSION,
        "box": decision.box_id,
        "exam": decision.exam_id,
        "attempt": decision.attempt_id,
        "number": decision.number,
        "previous": decision.previous,
        "decided_ms": decision.decided_ms,
        "reviewer": decision.reviewer,
        "verdict": decision.verdict.value,
        "reason": decision.reason,
        "answer": decision.answer,
        "answers": decision.answers,
        "agrees": decision.agrees,
    }


def parse(document: object) -> ReviewDecision:
    """Of bytes whose signature was checked; raise IntegrityFailure for another shape."""
    try:
        if not isinstance(document, Mapping) or document["version"] != VERSION:
            raise ValueError
        return ReviewDecision(
            box_id=BoxId(str(document["box"])),
            exam_id=ExamId(str(document["exam"])),
            attempt_id=AttemptId(str(document["attempt"])),
            number=int(document["number"]),
            previous=bytes(document["previous"]),
            decided_ms=int(document["decided_ms"]),
            reviewer=str(document["reviewer"]),
            verdict=Verdict(document["verdict"]),
            reason=str(document["reason"]),
            answer=str(document["answer"]),
            answers=None if document["answers"] is None else int(document["answers"]),
            agrees=None if document["agrees"] is None else bool(document["agrees"]),
        )
    except (KeyError, TypeError, ValueError):
        raise IntegrityFailure(
            "A decision was written by another version: use a newer program.", code="decision-shape"
        ) from None
