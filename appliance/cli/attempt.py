"""`hallvakt attempt`: one candidate in one exam."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cyclopts import App

from appliance.cli.box_client import logged_in
from appliance.cli.exam import exam_id_of
from appliance.cli.options import DEFAULT_STATE, Caller, Json, PassphraseFd, State
from appliance.cli.output import answer, table
from appliance.cli.passphrase import read_passphrase
from appliance.core.errors import Unreachable, WrongState
from appliance.core.ids import AttemptId, ExamId, check_id

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
        exam = await exam_id_of(box, exam)
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
        snapshot = await box.snapshot(await exam_id_of(box, exam))
    seats = sorted(snapshot["seats"], key=lambda seat: (seat["hall"], seat["seat"]))
    answer({"attempts": seats}, table(seats, _COLUMNS), as_json=json)


@app.command
async def names(
    exam: str,
    /,
    *,
    key: Path,
    passphrase_fd: PassphraseFd = None,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Say whose attempt is whose after close, for subject access and erasure.

    Parameters
    ----------
    key
        The officer's, a reviewer's or the recovery private key file.
    """
    from appliance.adapters.crypto.private_keys import read_private_key
    from appliance.cli.attempt_names import open_names

    passphrase = read_passphrase(passphrase_fd, f"Passphrase of {key.name}")
    private = await asyncio.to_thread(read_private_key, key, passphrase)
    opened = await open_names(state, ExamId(check_id(exam)), private)
    rows = [
        {"attempt": attempt, "name": who.name, "number": who.number}
        for attempt, who in sorted(opened.items(), key=lambda row: row[1].name)
    ]
    answer({"names": rows}, table(rows, ("name", "number", "attempt")), as_json=json)


@app.command
async def erase(
    exam: str,
    attempt: str,
    /,
    *,
    who: Caller,
    second: str,
    reference: str = "",
    out: Path | None = None,
    json: Json = False,
) -> None:
    """Erase one attempt for good: keys, ciphertext and rows, here and in the cloud.

    Two people decide: a data protection officer (--as) and a second officer or lead invigilator
    (--second). On --passphrase-fd each has two lines, passphrase and one-time code (empty when
    there is none). Asked again after a cut, it goes on.

    Parameters
    ----------
    second
        User name of the person who countersigns.
    reference
        The school's case number; it holds no personal data.
    out
        Write the certificate to this file (.cbor, signed) and beside it as .md.
    """
    from appliance.processes.eraser import certificate_of, finish_erasures, keep

    other = replace(who, user=second)
    async with logged_in(who) as officer, logged_in(other) as countersigner:
        exam = await exam_id_of(officer, exam)
        begun = await officer.call(
            "POST",
            f"/exams/{exam}/erasures",
            json={
                "attempt": attempt,
                "second_token": countersigner.token,
                "reference": reference,
            },
        )
        try:
            await finish_erasures(who.state)
        except (Unreachable, WrongState) as error:
            raise Unreachable(
                f"Erased on this box, but not yet in the cloud copy. {error.message} Run the "
                "same command again, or leave it to the janitor.",
                code="erasure-unfinished",
            ) from error
    certificate = await certificate_of(who.state, AttemptId(check_id(attempt)))
    files = await asyncio.to_thread(keep, _beside(who, attempt, out), certificate)
    cloud = certificate.payload["cloud"]
    document = {
        **begun,
        "packs": len(cloud["packs"]),
        "cloud": cloud["location"],
        "certificate": str(files[0]),
        "certificate_text": str(files[1]),
    }
    lines = [
        f"Erased: {begun['envelopes']} keys, {begun['objects']} objects here, "
        f"{len(cloud['packs'])} packs in the cloud.",
        f"The certificate: {files[0]} (signed), {files[1]} (to read).",
        *certificate.payload["residues"],
    ]
    answer(document, lines, as_json=json)


def _beside(who: Caller, attempt: str, out: Path | None) -> Path:
    return out.with_suffix("") if out else who.state / "erased" / attempt


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
