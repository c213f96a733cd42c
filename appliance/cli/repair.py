"""`hallvakt repair`: after the disk lost something."""

from __future__ import annotations

from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.core.errors import IntegrityFailure
from appliance.processes.repair import Repaired
from appliance.processes.repair import repair as put_together


async def repair(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Put a box together again from what is left of damaged databases and objects.

    The box must be stopped. Damaged files are kept; databases are made anew from their readable
    rows, the last snapshot and the recordings' own headers. Exit code 6 when something is lost.
    """
    done = await put_together(state)
    answer(_document(done), _lines(done), as_json=json)
    if not done.whole:
        raise IntegrityFailure(
            "Something is or may be lost; the lines above name it. Check the disk (`hallvakt "
            "doctor`) before the box is used again, and keep the damaged files."
        )


def _document(done: Repaired) -> dict[str, object]:
    return {
        "whole": done.whole,
        "databases": {
            name: {
                "kept": str(done.kept[name]),
                "read": sum(salvaged.read.values()),
                "from_snapshot": sum(salvaged.from_snapshot.values()),
                "tables_with_gaps": sorted(salvaged.gaps),
            }
            for name, salvaged in done.databases.items()
        },
        "rows_again": done.rows_again,
        "aside": done.aside,
        "damaged": [
            {
                "object": stored.name,
                "kind": stored.header.kind.name.lower(),
                "exam": stored.header.exam_id,
                "attempt": stored.header.attempt_id,
                "sequence": stored.header.sequence,
            }
            for stored in done.damaged
        ],
        "audit_gap": done.audit_gap,
    }


def _lines(done: Repaired) -> list[str]:
    lines = []
    for name, salvaged in done.databases.items():
        lines.append(
            f"The database {name}.db was damaged. {sum(salvaged.read.values())} rows were read. "
            f"The damaged file is kept in {done.kept[name]}."
        )
        for table in sorted(salvaged.gaps):
            filled = salvaged.from_snapshot.get(table, 0)
            lines.append(
                f"  A part of its table {table} cannot be read; "
                + (
                    f"{filled} rows came from the last snapshot, what is newer is lost."
                    if filled
                    else "no snapshot had it."
                )
            )
    if not done.databases:
        lines.append("The databases are sound.")
    if done.rows_again:
        lines.append(f"{done.rows_again} recordings got their rows back from their own headers.")
    lines += [
        f"Damaged or gone: the {stored.header.kind.name.lower()} {stored.header.sequence} of "
        f"attempt {stored.header.attempt_id} (object {stored.name})."
        for stored in done.damaged
    ]
    if not done.damaged:
        lines.append("Every recording on the disk is what was stored.")
    if done.aside:
        lines.append(f"{done.aside} objects without a row are kept aside; nothing was deleted.")
    if done.audit_gap:
        lines.append(done.audit_gap)
    lines.append("Start the box again." if done.whole else "Start the box only after reading this.")
    return lines
