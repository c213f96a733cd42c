"""What the page and the command line say about an opened exam. Pure."""

from __future__ import annotations

from typing import Any

from appliance.core.ids import pseudonym
from appliance.core.snippet import ObjectKind
from appliance.review.archive import OpenAttempt, OpenExam


def exam_summary(exam: OpenExam) -> dict[str, Any]:
    """With attempts by hall and seat; those this key does not open come last."""
    attempts = [attempt_summary(attempt) for attempt in exam.attempts.values()]
    return {
        "exam": exam.listing.exam_id,
        "box": exam.listing.box_id,
        "title": exam.title,
        "fingerprint": exam.fingerprint,
        "root": exam.listing.chain.root.hex(),
        "attempts": sorted(attempts, key=_by_seat),
    }


def attempt_summary(attempt: OpenAttempt) -> dict[str, Any]:
    record = attempt.head or {}
    incidents = record.get("incidents", [])
    return {
        "attempt": attempt.attempt_id,
        "pseudonym": pseudonym(attempt.attempt_id),
        "hall": record.get("hall"),
        "seat": record.get("seat"),
        "locked": attempt.locked,
        "erased": attempt.erased,
        "snippets": len(attempt.sequences(ObjectKind.SNIPPET)),
        "incidents": len(incidents),
        "confirmed": sum(1 for i in incidents if i.get("decision") == "confirmed"),
    }


def attempt_detail(attempt: OpenAttempt) -> dict[str, Any]:
    """The record, and which pictures and videos there are. A snippet without a line in the record
    arrived late: nobody looked at it on the box."""
    known = {s.get("sequence"): s for s in (attempt.record or {}).get("snippets", [])}
    thumbnails = set(attempt.sequences(ObjectKind.THUMBNAIL))
    return {
        **attempt_summary(attempt),
        "record": attempt.record,
        "portrait": (ObjectKind.PORTRAIT, 0) in attempt.placed,
        "snippets": [
            {
                "sequence": sequence,
                "started_ms": known.get(sequence, {}).get("started_ms"),
                "duration_s": known.get(sequence, {}).get("duration_s"),
                "late": sequence not in known,
                "thumbnail": sequence in thumbnails,
            }
            for sequence in attempt.sequences(ObjectKind.SNIPPET)
        ],
    }


def _by_seat(summary: dict[str, Any]) -> tuple[bool, str, str, int, str]:
    seat = summary["seat"] or ""
    letters = "".join(c for c in seat if not c.isdigit())
    digits = "".join(c for c in seat if c.isdigit())
    return (
        summary["locked"],
        summary["hall"] or "",
        letters,
        int(digits or 0),
        summary["attempt"],
    )
