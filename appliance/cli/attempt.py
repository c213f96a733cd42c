"""`hallvakt attempt`: one candidate in one exam."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cyclopts import App

from appliance.cli.box_client import logged_in
from appliance.cli.options import Caller, Json
from appliance.cli.output import answer, table

app = App(name="attempt", help="One candidate in one exam.")

_COLUMNS = ("hall", "seat", "pseudonym", "name", "state", "link", "acknowledged", "open_incidents")


@app.command
async def show(
    exam: str,
    attempt: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Show what the box holds about one attempt while its exam is live."""
    async with logged_in(who) as box:
        detail = await box.call("GET", f"/exams/{exam}/attempts/{attempt}")
    answer(detail, _lines(detail), as_json=json)


@app.command(name="list")
async def list_(
    exam: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """List the attempts of an exam while it is live."""
    async with logged_in(who) as box:
        snapshot = await box.snapshot(exam)
    seats = sorted(snapshot["seats"], key=lambda seat: (seat["hall"], seat["seat"]))
    answer({"attempts": seats}, table(seats, _COLUMNS), as_json=json)


def _lines(detail: dict[str, Any]) -> list[str]:
    incidents = [
        {**incident, "since": _clock(incident.get("first_ms") or incident.get("started_ms"))}
        for incident in detail["incidents"]
    ]
    return [
        *table([detail["seat"]], _COLUMNS),
        "",
        f"{len(detail['snippets'])} snippets, {len(incidents)} incidents.",
        *(table(incidents, ("since", "strength", "decision")) if incidents else []),
    ]


def _clock(unix_ms: int | None) -> str | None:
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1000).strftime("%H:%M:%S")
