"""`hallvakt audit`: what was done and looked at, by which pseudonym, and that nothing is missing.

Reads the database itself, read-only, so that it works without a running gateway and on a copy.
Who may read the box's state directory is the box's owner and its data protection officer.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import segno
from cyclopts import App, Parameter

from appliance.adapters.crypto.head_words import head_words, noted_head
from appliance.adapters.store.reading import pseudonyms_of_exam, read_audit
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer, table
from appliance.core.audit import GENESIS, AuditEntry, verify, verify_noted
from appliance.core.errors import BadInput
from appliance.core.ids import ExamId, check_id

app = App(name="audit", help="Who did and looked at what, and that nothing is missing.")

_COLUMNS = ("sequence", "at", "actor", "action", "purpose", "about")
_SHORTEST = 4  # what the console shows of a pseudonym


@app.command
def show(
    *,
    state: State = DEFAULT_STATE,
    attempt: str | None = None,
    exam: str | None = None,
    action: str | None = None,
    json: Json = False,
) -> None:
    """Show the entries, oldest first. People are pseudonyms; no name is in this log.

    Parameters
    ----------
    attempt
        Only what one candidate's attempt did or was done to; the first four characters of the
        pseudonym are enough.
    exam
        Only what concerns one exam, its attempts and, until it is closed, its incidents (the
        exam's id). What was decided about an incident stands in the sealed record after that.
    action
        Only entries of this kind, e.g. snippet_open.
    """
    about = _about(state, exam)
    entries = [
        entry
        for entry in read_audit(state)
        if (attempt is None or _is_of(entry, attempt))
        and (about is None or entry.about in about)
        and (action is None or entry.action == action)
    ]
    rows = [_row(entry) for entry in entries]
    answer({"entries": rows}, table(rows, _COLUMNS), as_json=json)


@app.command(name="verify")
def verify_(
    *,
    state: State = DEFAULT_STATE,
    head: Annotated[tuple[str, ...], Parameter(consume_multiple=True, negative=())] = (),
    json: Json = False,
) -> None:
    """Check that no entry was changed, removed, moved or cut off; exit code 6 names the first.

    Parameters
    ----------
    head
        The head as somebody noted it when an exam was closed: eight words, or the 64 digits.
        Without it a log whose last entries were cut off looks whole.
    """
    entries = read_audit(state)
    document: dict[str, Any] = {"noted": None}
    if head:
        count, noted = verify_noted(entries, noted_head(" ".join(head)))
        document["noted"] = noted.sequence
    else:
        count = verify(entries)
    last = entries[-1].hash if entries else GENESIS
    document |= {"entries": count, "head": last.hex(), "words": head_words(last)}
    lines = [f"{count} entries, none changed, missing or out of place."]
    if document["noted"] is not None:
        lines.append(f"The noted head is entry {document['noted']}.")
    else:
        lines.append(
            "Whether the last entries were cut off shows only against a head noted elsewhere "
            "(--head)."
        )
    answer(document, [*lines, *head_lines(last.hex(), document["words"])], as_json=json)


def head_lines(head: str, words: str) -> list[str]:
    """The head for the paper record: words, digits and a code to scan."""
    code = io.StringIO()
    segno.make(head.upper(), error="l", micro=False).terminal(code, compact=True, border=2)
    return ["Note for the exam's paper record:", f"  {words}", f"  {head}", code.getvalue()]


def _about(state: Path, exam: str | None) -> frozenset[str] | None:
    return None if exam is None else pseudonyms_of_exam(state, ExamId(check_id(exam)))


def _is_of(entry: AuditEntry, attempt: str) -> bool:
    start = attempt.lower()
    if len(start) < _SHORTEST:
        raise BadInput(f"Write at least {_SHORTEST} characters of the pseudonym.", code="bad-id")
    return entry.about.startswith(start) or entry.actor.startswith(start)


def _row(entry: AuditEntry) -> dict[str, object]:
    at = datetime.fromtimestamp(entry.at_ms / 1000, UTC)
    return {
        "sequence": entry.sequence,
        "at": at.isoformat(timespec="seconds"),
        "actor": entry.actor,
        "action": entry.action,
        "purpose": entry.purpose,
        "about": entry.about,
        "hash": entry.hash.hex(),
    }
