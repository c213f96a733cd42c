"""`hallvakt support-bundle`: what helps somebody help you, shown before it is saved."""

from __future__ import annotations

import asyncio
import json as json_text
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from appliance.adapters.store import schema
from appliance.cli.metrics import metrics_text, pepper_of_the_gateway
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.config.box import BoxConfig, load
from appliance.core.errors import BadInput, HallvaktError, Refused
from appliance.core.support import check_told, log_line_told, settings_told
from appliance.processes import checkup_outside, checkup_parts
from appliance.processes.log_lines import say_nothing
from appliance.services.doctor import examine
from appliance.whole_file import create_whole

_LOG_LINES = 400
_JOURNAL_S = 20.0


def support_bundle(
    out: Path,
    *,
    yes: Annotated[bool, Parameter(negative=())] = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Collect checks, versions, figures and log lines without personal data, show them, and save
    them when you agree.

    Parameters
    ----------
    out
        The file to write (JSON text that you can read before you send it).
    yes
        Save without being asked; it is shown all the same.
    """
    say_nothing()
    config = load(state)
    if out.exists():
        raise BadInput(f"{out} is there already: name another file.")
    bundle = asyncio.run(_collect(state, config))
    text = json_text.dumps(bundle, indent=2, ensure_ascii=False) + "\n"
    print(text, file=sys.stderr)
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("There is nobody to ask: look at the text above and add --yes.")
        if input(f"Save this as {out}? [y/N] ").strip().lower() not in {"y", "yes", "j", "ja"}:
            raise Refused("Nothing was saved.")
    create_whole(out, text.encode())
    answer({"file": str(out), "bytes": len(text.encode())}, f"Saved as {out}.", as_json=json)


async def _collect(state: Path, config: BoxConfig) -> dict[str, Any]:
    probes = {
        **checkup_parts.local(state, config, pepper=await pepper_of_the_gateway(state)),
        **checkup_outside.beyond(state, config),
    }
    checks = [check_told(asdict(check)) for check in await examine(probes)]
    try:
        figures: list[str] | str = [
            line for line in (await metrics_text(state)).splitlines() if not line.startswith("#")
        ]
    except HallvaktError:
        figures = "the gateway does not answer"
    return {
        "bundle": 1,
        "checks": checks,
        "settings": settings_told(asdict(config)),
        "figures": figures,
        "rows": await asyncio.to_thread(_row_counts, state),
        "log": await asyncio.to_thread(lambda: list(_log(state))[-_LOG_LINES:]),
    }


def _row_counts(state: Path) -> dict[str, int]:
    """How many rows each table of the box's database has, and no row of them."""
    try:
        return schema.row_counts(state / "db" / "box.db")
    except (HallvaktError, OSError):
        return {}


def _log(state: Path) -> Iterator[dict[str, Any]]:
    for line in _raw_log(state):
        try:
            read = json_text.loads(line)
        except ValueError:
            continue  # not one of ours: nothing is known about what it holds
        if isinstance(read, dict) and (told := log_line_told(read)):
            yield told


def _raw_log(state: Path) -> Iterator[str]:
    for file in sorted((state / "log").glob("*.log")):
        yield from file.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    if shutil.which("journalctl"):
        done = subprocess.run(
            ["journalctl", "--unit=hallvakt-*", "--output=cat", f"--lines={_LOG_LINES}", "--quiet"],
            capture_output=True,
            text=True,
            timeout=_JOURNAL_S,
        )
        yield from done.stdout.splitlines()
