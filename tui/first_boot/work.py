"""The steps themselves: each runs `hallvakt` and says what came of it. No screen, no notes kept."""

from __future__ import annotations

import json
import secrets
import socket
from asyncio import to_thread
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import gettempdir

import msgspec

from appliance.core.checkup import Check, CheckStatus
from appliance.core.documents import Document, as_data
from appliance.core.errors import BadInput
from appliance.core.first_boot import Note, Notes, Standing, Step
from tui.first_boot import inputs
from tui.first_boot.command import Command
from tui.first_boot.files import write_file
from tui.language import tr
from tui.told import told

_NO_ADDRESS = ("addresses", CheckStatus.FAIL)
_NOT_FIT = 5  # exit code of a doctor that found something failing
_HARDWARE = ("disk", "disk writes", "disk health", "memory", "tpm")


async def hardware(hallvakt: Command, state: Path) -> Note:
    return _noted(await _machine(hallvakt, state, _HARDWARE))


async def time(hallvakt: Command, state: Path) -> Note:
    return _noted(await _machine(hallvakt, state, ("clock",)))


async def network(hallvakt: Command, state: Path, given: inputs.Network) -> Note:
    """Decides; `people` makes the box of it. Raises BadInput for what `init` would refuse later."""
    for port in (given.port, given.http_port or given.port):
        if not 1 <= port <= 65535:
            raise BadInput(tr("A port is a number between 1 and 65535."))
    if not given.name.strip():
        raise BadInput(tr("The box needs a name."))
    cards = [name for _, name in socket.if_nameindex() if name != "lo"]
    if given.uplink and given.uplink not in cards:
        raise BadInput(
            tr(
                "This machine has no network card {card}, but {cards}.",
                card=given.uplink,
                cards=", ".join(cards) or "–",
            )
        )
    facts = {
        "name": given.name.strip(),
        "certificate_names": ", ".join(given.certificate_names),
        "port": str(given.port),
        "http_port": str(given.http_port or ""),
        "lan_name": given.lan_name,
        "uplink": given.uplink,
    }
    checks = await _machine(hallvakt, state, ("network", "addresses"))
    # Without any, the certificate would be for no address, and its authority could never give one.
    for check in checks:
        if not given.certificate_names and (check.name, check.status) == _NO_ADDRESS:
            raise BadInput(f"{told(check.detail)}. {told(check.advice)}")
    # Here, where it can still be typed otherwise.
    await hallvakt("init", "--check", "--lead", "lead", *_of_the_network(state, facts))
    return _noted(checks, facts)


def _of_the_network(state: Path, facts: Mapping[str, str]) -> list[str]:
    """What `init` is told of what was decided."""
    words = ["--state", str(state)]
    for option in ("name", "port", "http_port", "lan_name", "uplink"):
        if value := facts.get(option):
            words += [f"--{option.replace('_', '-')}", value]
    for name in filter(None, facts.get("certificate_names", "").split(", ")):
        words += ["--certificate-name", name]
    return words


async def people(
    hallvakt: Command, state: Path, given: inputs.People, decided: Note | None
) -> tuple[Note, dict[str, str]]:
    """Make the box. Answers also the secrets for one-time codes, by name, as URIs to scan."""
    lead, *others = given.all
    words = ["init", "--lead", lead.name, *_of_the_network(state, decided.facts if decided else {})]
    for person in others:
        words += ["--person", f"{person.name}={person.role.value}"]
    for person in given.all:
        if not person.second_factor:
            words += ["--passphrase-alone", person.name]
    made = await hallvakt(*words, secrets=[person.passphrase for person in given.all])
    told = {"lead": made["lead"], "second_factor": _second_factor(lead)}
    if others:
        told["people"] = "; ".join(f"{p.name}, {p.role.value}, {_second_factor(p)}" for p in others)
    note = _noted((), {**told, "address": made["url"]})
    return note, {one["name"]: one["totp_uri"] for one in made["people"] if "totp_uri" in one}


def _second_factor(person: inputs.Person) -> str:
    return tr("one-time codes") if person.second_factor else tr("none: passphrase alone")


async def certificate(hallvakt: Command, state: Path, given: inputs.Certificate) -> Note:
    where = ("--state", str(state))
    shown = await hallvakt("certificate", "show", *where)
    await hallvakt("certificate", "export", str(given.export), *where)
    return _noted(
        (),
        {
            "certificate_names": ", ".join(shown["names"]),
            "until": shown["ends_at"][:10],
            "fingerprint": shown["ca_fingerprint"] or "",
            "exported": str(given.export),
        },
    )


async def cloud(hallvakt: Command, state: Path, given: inputs.Cloud) -> Note:
    """Raises what the cloud answers; then box.toml is as it was."""
    facts = {}
    if given.file is not None:
        written = await hallvakt("sync", "configure", str(given.file), "--state", str(state))
        facts["cloud"] = f"{written['objects']} {written['bucket']}".strip()
        facts["read_back"] = (
            tr("yes, by the login that only reads")
            if written["read_back_by"] == "verifier"
            else tr("yes, by the box's own login; name a verifier for the nights")
        )
    note = _noted([c for c in await doctor(hallvakt, state) if c.name == "cloud"], facts)
    return note if facts else replace(note, standing=Standing.SKIPPED)


async def rehearsal(hallvakt: Command, state: Path, given: inputs.Rehearsal) -> Note:
    """Raises Unreachable when the box does not run, IntegrityFailure when it was not good."""
    if given.skip:
        return Note(standing=Standing.SKIPPED, facts={"skipped": given.skip})
    held = await hallvakt(
        *("rehearse", "--candidates", str(given.candidates), "--minutes", f"{given.minutes:g}"),
        *("--as", given.lead, "--state", str(state)),
        secrets=(given.passphrase, given.one_time_code),
    )
    return _noted(
        (),
        {
            "candidates": str(held["candidates"]),
            "minutes": f"{held['minutes']:g}",
            "lost": str(held["lost"]),
            "verdict": held["verdict"],
        },
    )


async def doctor(hallvakt: Command, state: Path) -> list[Check]:
    """Every check of the box as it is now."""
    return _checks(await hallvakt("doctor", "--state", str(state), accept=(_NOT_FIT,)))


async def print_page(hallvakt: Command, page: Document, pdf: Path) -> None:
    """Write `page` as a PDF. Raises NoRoom."""
    handed = await to_thread(_as_file, page)
    try:
        await hallvakt("record", "page", str(handed), str(pdf))
    finally:
        await to_thread(handed.unlink, missing_ok=True)


def _as_file(page: Document) -> Path:
    """Of ours alone, until it is read."""
    file = Path(gettempdir(), f"hallvakt-page-{secrets.token_hex(8)}")
    write_file(file, json.dumps(as_data(page)).encode())
    return file


async def _machine(hallvakt: Command, state: Path, names: Collection[str]) -> list[Check]:
    found = await hallvakt("doctor", "--machine", "--state", str(state), accept=(_NOT_FIT,))
    return [check for check in _checks(found) if check.name in names]


def _checks(document: dict[str, object]) -> list[Check]:
    return msgspec.convert(document["checks"], list[Check])


def _noted(checks: Collection[Check], facts: dict[str, str] | None = None) -> Note:
    kept = {name: value for name, value in (facts or {}).items() if value}
    return Note(standing=Standing.DONE, facts=kept, checks=tuple(checks))


def lead_of(notes: Notes) -> str:
    """The first person's user name, as far as an earlier step knows it."""
    note = notes.get(Step.PEOPLE)
    return note.facts.get("lead", "") if note else ""
