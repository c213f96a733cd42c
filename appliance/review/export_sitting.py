"""Of a subject access export: how the exam went for one person, apart from what was noticed. Pure.

Every field of the sealed record that is not observations, incidents, acts or videos is told here
(`services/records.py` writes it); what an older version did not write is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from appliance.core.accommodation import NAMES
from appliance.core.documents import Block, Bullets, Grid, Heading, Paragraph
from appliance.core.observation import ObservationKind
from appliance.core.wording import KIND

_DETECTOR = {category.value: name for category, name in NAMES.items()}


def sitting(record: Mapping[str, Any]) -> list[Block]:
    """When and where the person sat, breaks, detectors switched off, what was heard in the hall,
    and each reason that staff wrote."""
    points = [
        f"Joined: {moment(record.get('joined_ms'))}.",
        *(
            [f"Let in late: {moment(record['admitted_late_ms'])}."]
            if record.get("admitted_late_ms")
            else []
        ),
        *(
            f"Sat in {left['hall']}, seat {left['seat']}, until {moment(left['until_ms'])}."
            for left in record.get("seats_left", [])
        ),
        *(
            f"Break from {moment(b['started_ms'])} to {moment(b['ended_ms'])}."
            for b in record.get("breaks", [])
        ),
        *(
            f"Switched off for you: {_DETECTOR.get(detector, detector)}."
            for detector in record.get("switched_off", [])
        ),
        *(_heard(event) for event in record.get("hall_events", [])),
    ]
    return [Heading("How you sat the exam"), Bullets(tuple(points)), *_reasons(record)]


def _heard(event: Mapping[str, Any]) -> str:
    seats = f" at {event['seats']} seats" if event["seats"] else ""
    yours = ", yours among them" if event["this_seat"] else ""
    when = f"from {moment(event['started_ms'])} to {moment(event['last_ms'])}"
    return f"In the hall {when}{seats}{yours}: {KIND[ObservationKind(event['kind'])]}."


def _reasons(record: Mapping[str, Any]) -> list[Block]:
    rows = tuple(
        (
            moment(note.get("at_ms")),
            str(note.get("act")),
            str(note.get("reason") or "-"),
            str(note.get("minutes") or "-"),
            person(note.get("actor")),
        )
        for note in record.get("reasons", [])
    )
    header = ("When", "Act", "Reason as written", "Minutes", "By (pseudonym)")
    return [Heading("Reasons that were written down"), Grid(header, rows) if rows else nothing()]


def nothing() -> Block:
    return Paragraph("Nothing.")


def person(actor: Any) -> str:
    return str(actor)[:8]


def moment(at_ms: Any) -> str:
    if not isinstance(at_ms, int) or not at_ms:  # 0: a late video, whose time nobody noted
        return "-"
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")[:19]
