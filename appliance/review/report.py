"""What a reviewer found about one attempt, as a document to print and sign. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from appliance.core.documents import Block, Document, Grid, Heading, Paragraph
from appliance.core.errors import Locked
from appliance.core.ids import pseudonym
from appliance.core.review_decision import Signed, Standing
from appliance.core.snippet import ObjectKind
from appliance.core.wording import of_incident, of_observation
from appliance.review.archive import OpenAttempt, OpenExam
from appliance.review.decisions import as_documents
from appliance.review.export_report import incidents_of, observations_of
from appliance.review.report_texts import texts

Say = Callable[[str], str]


def report(
    exam: OpenExam,
    attempt: OpenAttempt,
    decided: Sequence[Signed],
    *,
    where: Standing,
    viewer: str,
    made_ms: int,
    language: str,
    translate: Say,
) -> Document:
    """Raise Locked for an attempt this key does not open. `translate` is for what was observed."""
    record = attempt.record
    if record is None:
        raise Locked("Your key does not open this attempt: there is nothing to report.")
    say = texts(language)
    videos = len(attempt.sequences(ObjectKind.SNIPPET))
    facts = (
        (say("pseudonym"), pseudonym(attempt.attempt_id)),
        (say("place"), f"{record['hall']} {record['seat']}"),
        (say("started"), _time(record.get("started_ms"))),
        (say("finished"), _time(record.get("finished_ms"))),
        (say("extra_time"), f"{record.get('extra_minutes', 0)} min"),
        (say("videos"), str(videos)),
        (say("standing"), say(f"standing_{where.value}")),
    )
    return Document(
        title=f"{say('title')}: {record['title']}",
        blocks=(
            Paragraph(f"{say('made')} {_time(made_ms)} UTC, {viewer}."),
            Grid((say("what"), say("value")), facts),
            Heading(say("decisions")),
            *_decisions(decided, say),
            Heading(say("remark")),
            Paragraph(str(record.get("remark") or say("none"))),
            Heading(say("incidents")),
            *_incidents(record, say, translate),
            Heading(say("observations")),
            *_observations(record, say, translate),
            Heading(say("proof")),
            Paragraph(
                say("proof_text").format(box=exam.fingerprint, root=exam.listing.chain.root.hex())
            ),
        ),
    )


def _decisions(decided: Sequence[Signed], say: Say) -> list[Block]:
    if not decided:
        return [Paragraph(say("none"))]
    rows = tuple(
        (
            str(d["number"]),
            _time(d["decided_ms"]),
            f"{d['reviewer']} ({d['fingerprint'][:9]})",
            _verdict(d, say),
            d["reason"] + (f" — {say('answer')}: {d['answer']}" if d["answer"] else ""),
        )
        for d in as_documents(decided)
    )
    return [Grid(("#", say("when"), say("reviewer"), say("decision"), say("reason")), rows)]


def _verdict(decision: Mapping[str, Any], say: Say) -> str:
    if decision["answers"] is None:
        return say(f"verdict_{decision['verdict']}")
    return say("agrees" if decision["agrees"] else "disagrees").format(number=decision["answers"])


def _incidents(record: Mapping[str, Any], say: Say, translate: Say) -> list[Block]:
    rows = tuple(
        (_time(i.opened_ms), of_incident(i, translate), i.note or "-") for i in incidents_of(record)
    )
    return [Grid((say("when"), say("incident"), say("note")), rows) if rows else _none(say)]


def _observations(record: Mapping[str, Any], say: Say, translate: Say) -> list[Block]:
    rows = tuple(
        (_time(o.started_ms), of_observation(o, translate)) for o in observations_of(record)
    )
    return [Grid((say("when"), say("observation")), rows) if rows else _none(say)]


def _none(say: Say) -> Block:
    return Paragraph(say("none"))


def _time(at_ms: Any) -> str:
    if not isinstance(at_ms, int):
        return "-"
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")[:19]
