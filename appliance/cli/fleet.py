"""`hallvakt fleet`: all boxes that share one cloud."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.cli.fleet_metrics import exposition
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer, table
from appliance.config.cloud_file import load_cloud_file
from appliance.core.fleet import Judged
from appliance.processes.fleet import fleet, report_after_round, report_health
from appliance.processes.syncer import syncer
from appliance.processes.trusted_hosts import load_box

app = App(name="fleet", help="All boxes that share one cloud.")

_COLUMNS = (
    "state",
    "name",
    "verified",
    "backlog_mb",
    "disk_percent",
    "certificate",
    "clock_s",
    "version",
)


@app.command
async def status(
    *,
    cloud: Path | None = None,
    metrics: Annotated[bool, Parameter(negative=())] = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """How every box is, the worst first.

    Parameters
    ----------
    cloud
        A cloud.toml, on a machine that is no box.
    metrics
        Print Prometheus' text format instead.
    """
    config = (
        (await asyncio.to_thread(load_cloud_file, cloud)).cloud
        if cloud is not None
        else (await asyncio.to_thread(load_box, state)).cloud
    )
    judged = await fleet(config)
    if metrics:
        print(exposition(judged), end="")
        return
    lines = table([_row(one) for one in judged], _COLUMNS)
    lines += [f"  {one.health.name}: {note}" for one in judged for note in one.notes]
    answer(
        {
            "boxes": [
                {**asdict(one.health), "state": one.state.value, "notes": list(one.notes)}
                for one in judged
            ]
        },
        lines if judged else "No box has said how it is yet.",
        as_json=json,
    )


@app.command
async def report(
    *,
    timer: Annotated[bool, Parameter(negative=())] = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Say how this box is, to those who look after the fleet. The nightly unit does this.

    Parameters
    ----------
    timer
        As the nightly unit calls it: only after a round in a window, and only what is new.
    """
    async with syncer(state) as night:
        health = await (report_after_round(night) if timer else report_health(night))
    if health is None:
        answer({"sent": False}, "Nothing to tell the fleet now.", as_json=json)
        return
    answer(asdict(health), f"{health.name} is on the fleet's list.", as_json=json)


def _row(one: Judged) -> dict[str, object]:
    health = one.health
    return {
        "state": one.state.value,
        "name": health.name,
        "verified": _day(health.last_verified_ms),
        "backlog_mb": round(health.backlog_bytes / 1e6, 1),
        "disk_percent": health.disk_used_percent,
        "certificate": _day(health.certificate_ends_ms),
        "clock_s": None
        if health.clock_ahead_ms is None
        else f"{health.clock_ahead_ms / 1000:+.1f}",
        "version": health.version,
    }


def _day(at_ms: int | None) -> str | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).date().isoformat()
