"""`hallvakt snapshot`: what `update.sh` asks of the databases before and after an update."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cyclopts import App

from appliance.adapters.store import snapshots
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer

app = App(name="snapshot", help="Copies of the databases around an update.")


@app.command
def quiet(*, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Refuse (exit code 4) while an exam is ready, open or live, or begins within a day."""
    snapshots.quiet(state / "db", datetime.now(UTC))
    answer({"quiet": True}, "No exam is near.", as_json=json)


@app.command
def make(into: Path, *, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Copy the databases into a new directory, also while the box runs."""
    snapshots.make(state / "db", into)
    answer({"directory": str(into)}, f"The databases are copied to {into}.", as_json=json)


@app.command(name="try")
def try_(snapshot: Path, *, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Bring a copy of a snapshot up to this version; changes nothing."""
    snapshots.try_out(snapshot)
    answer({"usable": True}, "This version can use the databases.", as_json=json)


@app.command
def restore(snapshot: Path, *, state: State = DEFAULT_STATE, json: Json = False) -> None:
    """Put a snapshot back in place of those databases that this version cannot use as they are.

    Refused when the box has worked with one of them since.
    """
    needed = not snapshots.fits(state / "db")
    if needed:
        snapshots.restore(state / "db", snapshot)
    said = "What did not fit is as in the snapshot." if needed else "The databases fit as they are."
    answer({"restored": needed}, said, as_json=json)
