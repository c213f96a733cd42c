"""One person's own data, out of an opened archive (GDPR Art. 15): report, videos, face photo."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.core.documents import Document
from appliance.core.errors import BadMedia, Locked, NotFound
from appliance.core.ids import AttemptId
from appliance.core.passages import Choice, Footage, Passage, Span, blanked, left_out, passages
from appliance.core.snippet import ObjectKind
from appliance.review.archive import Archive, OpenAttempt, OpenExam
from appliance.review.export_report import ReportParts, observations_of, own_entries, report

Blank = Callable[[bytes, tuple[Span, ...]], Awaitable[bytes]]  # BadMedia when it cannot be done
Choose = Callable[[Sequence[Passage]], Mapping[int, Choice]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`included`, `left_out` and the keys of `blanked` are snippet numbers; what is blanked is
    included, too. `unreadable`: what could not be blanked and therefore stayed out after all, known
    when the last file was given; ask for the report after that."""

    attempt: OpenAttempt
    passages: tuple[Passage, ...]
    choices: Mapping[int, Choice]
    included: tuple[int, ...]
    left_out: tuple[int, ...]
    blanked: Mapping[int, tuple[Span, ...]]
    audit: Sequence[Mapping[str, Any]] | None
    unreadable: set[int] = field(default_factory=set)

    async def files(
        self, archive: Archive, exam: OpenExam, blank: Blank
    ) -> AsyncIterator[tuple[str, bytes]]:
        """(path below the export, content) of every video and the face photo."""
        attempt = self.attempt.attempt_id
        for sequence in self.included:
            content = await archive.read(exam, attempt, ObjectKind.SNIPPET, sequence)
            if spans := self.blanked.get(sequence):
                try:
                    content = await blank(content, spans)
                except BadMedia:
                    self.unreadable.add(sequence)
                    continue
            yield f"videos/{sequence:06}.webm", content
        for sequence in self.attempt.sequences(ObjectKind.PORTRAIT)[-1:]:
            yield "portrait.jpg", await archive.read(exam, attempt, ObjectKind.PORTRAIT, sequence)

    def report(self) -> Document:
        record = self.attempt.record
        assert record is not None
        return report(
            ReportParts(
                attempt_id=self.attempt.attempt_id,
                record=record,
                passages=self.passages,
                choices=self.choices,
                included=[s for s in self.included if s not in self.unreadable],
                left_out=self.left_out,
                blanked=[s for s in self.blanked if s not in self.unreadable],
                unreadable=sorted(self.unreadable),
                portrait=bool(self.attempt.sequences(ObjectKind.PORTRAIT)),
                audit=self.audit,
            )
        )


def prepare(
    exam: OpenExam,
    attempt_id: AttemptId,
    *,
    others: Choice,
    choose: Choose = lambda found: {},
    audit: bytes | None = None,
) -> Export:
    """Decide what goes in. Raise NotFound, or Locked when it was erased or is not for this key."""
    attempt = exam.attempts.get(attempt_id)
    if attempt is None:
        raise NotFound("The cloud copy has no such attempt: check the id.")
    if attempt.erased:
        raise Locked("This attempt was erased: there is nothing left to export.", code="erased")
    if attempt.record is None:
        raise Locked("Your key does not open this attempt: it was not among the exam's reviewers.")
    record = attempt.record
    footage = _footage(attempt, record)
    found = passages(footage, observations_of(record))
    given = choose(found)
    choices = {p.number: given.get(p.number, others) for p in found}
    out = left_out(found, choices, others)
    there = attempt.sequences(ObjectKind.SNIPPET)
    spans = blanked(found, choices, others, footage)
    return Export(
        attempt=attempt,
        passages=tuple(found),
        choices=choices,
        included=tuple(sequence for sequence in there if sequence not in out),
        left_out=tuple(sequence for sequence in there if sequence in out),
        blanked={sequence: each for sequence, each in spans.items() if sequence not in out},
        audit=None if audit is None else own_entries(audit, attempt_id, record),
    )


def _footage(attempt: OpenAttempt, record: Mapping[str, Any]) -> list[Footage]:
    known = {row["sequence"]: row for row in record["snippets"]}
    return [
        Footage(
            sequence=sequence,
            started_ms=known[sequence]["started_ms"] if sequence in known else 0,
            duration_s=known[sequence]["duration_s"] if sequence in known else 0.0,
            looked_at=sequence in known,
        )
        for sequence in attempt.sequences(ObjectKind.SNIPPET)
    ]
