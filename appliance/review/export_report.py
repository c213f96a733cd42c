"""The readable part of a subject access export: what was noted about one person, in words. Pure.

Only this attempt's own record and audit entries go in; nobody else's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from appliance.core.documents import Block, Bullets, Document, Grid, Heading, Paragraph
from appliance.core.errors import BadInput, IntegrityFailure
from appliance.core.ids import AttemptId
from appliance.core.observation import Incident, Observation
from appliance.core.passages import Choice, Passage
from appliance.core.wording import KIND, of_incident, of_observation
from appliance.review.export_sitting import moment, nothing, person, sitting

VIEWING: Mapping[str, str] = {
    "snippet_open": "opened a video",
    "thumbnail_see": "saw a small picture",
    "portrait_see": "saw the face photo",
    "live_view_open": "watched live",
}
_DECIDED: Mapping[Choice, str] = {
    Choice.INCLUDE: "included",
    Choice.BLANK: "black and silent",
    Choice.LEAVE_OUT: "left out",
}
_NOT_LOOKED_AT = "sent after the exam was closed: nobody looked at it on the box"
_LOOK_YOURSELF = (
    "Other people are found by a machine, which can miss them, and only where the exam's settings "
    "let it look. Whoever hands this export over has to look at the videos first."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """`included`, `left_out`, `blanked` (of the included) and `unreadable` (they could not be
    blanked, so they stayed out) are snippet numbers; `audit` None: no extract was given."""

    attempt_id: AttemptId
    record: Mapping[str, Any]
    passages: Sequence[Passage]
    choices: Mapping[int, Choice]
    included: Collection[int]
    left_out: Collection[int]
    blanked: Collection[int]
    unreadable: Collection[int]
    portrait: bool
    audit: Sequence[Mapping[str, Any]] | None


def observations_of(record: Mapping[str, Any]) -> list[Observation]:
    """Raise IntegrityFailure for a record of another shape."""
    found: list[Observation] = _read(record["observations"], list[Observation])
    return found


def incidents_of(record: Mapping[str, Any]) -> list[Incident]:
    """Without their observations, which stand in the record beside them."""
    bare = [{**i, "observations": ()} for i in record["incidents"]]
    found: list[Incident] = _read(bare, list[Incident])
    return found


def own_entries(
    extract: bytes, attempt: AttemptId, record: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The entries of `hallvakt audit show --json` that are about this attempt or its incidents;
    whatever else is in the file is dropped. Raise BadInput when it is no such file."""
    try:
        entries = msgspec.json.decode(extract, type=dict[str, list[dict[str, Any]]])["entries"]
        about = {str(attempt), *(str(i["incident_id"]) for i in record["incidents"])}
        return [entry for entry in entries if entry["about"] in about]
    except (msgspec.DecodeError, KeyError, TypeError):
        raise BadInput(
            "The audit file is not what `hallvakt audit show --attempt ID --json` prints."
        ) from None


def report(parts: ReportParts) -> Document:
    record = parts.record
    return Document(
        title=f"What is kept about you: {record['title']}",
        blocks=(
            Paragraph(
                f"Your pseudonym in this exam is {parts.attempt_id}. You sat in {record['hall']}, "
                f"seat {record['seat']}. The exam started {moment(record.get('started_ms'))} and "
                f"you were done {moment(record.get('finished_ms'))} (all times UTC). Extra time: "
                f"{record.get('extra_minutes', 0)} minutes. Camera: {record.get('camera', '-')}. "
                f"Notice acknowledged: version {record.get('notice_version') or '-'}."
            ),
            *sitting(record),
            *_observed(record),
            *_decided(record),
            *_acts(record),
            *_viewed(parts.audit),
            *_files(parts),
            *_rights(),
        ),
    )


def _observed(record: Mapping[str, Any]) -> list[Block]:
    rows = tuple((moment(o.started_ms), of_observation(o)) for o in observations_of(record))
    shown: Block = Grid(("When", "What the machine noticed"), rows) if rows else nothing()
    return [Heading("What the machine noticed"), shown]


def _decided(record: Mapping[str, Any]) -> list[Block]:
    rows = tuple(
        (
            moment(i.opened_ms),
            of_incident(i),
            "no decision" if i.decision is None else i.note or "-",
        )
        for i in incidents_of(record)
    )
    shown: Block = Grid(("When", "Incident and decision", "Note"), rows) if rows else nothing()
    return [
        Heading("What people decided"),
        Paragraph("A machine only notices; a person confirmed or dismissed each incident."),
        shown,
        *([Paragraph(f"Remark: {record['remark']}")] if record.get("remark") else []),
    ]


def _acts(record: Mapping[str, Any]) -> list[Block]:
    rows = tuple(
        (moment(a.get("at_ms")), str(a.get("act")), person(a.get("actor")))
        for a in record.get("acts", [])
    )
    shown: Block = Grid(("When", "Act", "By (pseudonym)"), rows) if rows else nothing()
    return [Heading("What was done"), shown]


def _viewed(audit: Sequence[Mapping[str, Any]] | None) -> list[Block]:
    if audit is None:
        return [
            Heading("Who looked at you"),
            Paragraph(
                "Not part of this export: the audit log lies on the box. Ask for an extract of it."
            ),
        ]
    rows = tuple(
        (str(e.get("at")), VIEWING[e["action"]], person(e.get("actor")), str(e.get("purpose")))
        for e in audit
        if e.get("action") in VIEWING
    )
    shown: Block = Grid(("When", "What", "By (pseudonym)", "Purpose"), rows) if rows else nothing()
    return [Heading("Who looked at you"), shown]


def _files(parts: ReportParts) -> list[Block]:
    blocks: list[Block] = [
        Heading("Videos and photo"),
        Paragraph(
            f"{len(parts.included)} videos are in the folder videos; {len(parts.left_out)} were "
            f"left out because somebody else may be in them. {_LOOK_YOURSELF}"
        ),
        *_blanked(parts),
        Paragraph(
            "The box also keeps one small still of each video, which is a picture of it and not "
            "repeated here. What reviewers decided, where they did, is a report of its own: ask "
            "the school for it."
        ),
        Paragraph("Your face photo is in portrait.jpg." if parts.portrait else "No face photo."),
    ]
    if parts.passages:
        rows = tuple(
            (
                str(p.number),
                f"{moment(p.started_ms)} to {moment(p.ended_ms)}",
                _NOT_LOOKED_AT if p.kind is None else KIND[p.kind],
                ", ".join(map(str, p.sequences)),
                _DECIDED[parts.choices[p.number]],
            )
            for p in parts.passages
        )
        blocks.append(Grid(("Passage", "When", "Why", "Videos", "Decision"), rows))
    return blocks


def _blanked(parts: ReportParts) -> list[Block]:
    blocks: list[Block] = []
    if parts.blanked:
        numbers = ", ".join(map(str, sorted(parts.blanked)))
        blocks.append(
            Paragraph(
                f"Videos {numbers} were made anew: where somebody else may be in them the picture "
                "is black and there is no sound."
            )
        )
    if parts.unreadable:
        numbers = ", ".join(map(str, parts.unreadable))
        blocks.append(
            Paragraph(f"Videos {numbers} could not be made black in part and were left out, too.")
        )
    return blocks


def _rights() -> list[Block]:
    return [
        Heading("Your rights"),
        Bullets(
            (
                "You may have wrong data corrected and a remark added.",
                "You may ask for erasure or restriction, and object.",
                "You may complain to the supervisory authority.",
            )
        ),
    ]


def _read(rows: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(rows, kind)
    except msgspec.ValidationError as error:
        raise IntegrityFailure(
            "The record was written by another version: open it with that version.",
            code="record-version",
        ) from error
