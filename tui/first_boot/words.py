"""The steps and what they find, in words."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.core.checkup import CheckStatus
from appliance.core.first_boot import Note, Standing, Step
from tui.language import text, tr
from tui.told import told

TITLE: Mapping[Step, str] = {
    Step.HARDWARE: text("Hardware"),
    Step.NETWORK: text("Network and names"),
    Step.TIME: text("Time"),
    Step.PEOPLE: text("People"),
    Step.CERTIFICATE: text("Certificate"),
    Step.KEYS: text("Key ceremony"),
    Step.CLOUD: text("Cloud"),
    Step.REHEARSAL: text("Rehearsal"),
    Step.REPORT: text("Report"),
}
EXPLAINS: Mapping[Step, str] = {
    Step.HARDWARE: text(
        "Disk, memory and security chip of this machine. A failure must be mended before an exam; "
        "a warning is good to know."
    ),
    Step.NETWORK: text(
        "How the school's machines reach this box. Names and addresses for the certificate, with "
        "commas; the first one stands on the join slips. Left empty, the box finds its own."
    ),
    Step.TIME: text("What was seen in an exam is worth as much as the clock it was seen by."),
    Step.PEOPLE: text(
        "Whoever is to have a login now, one after the other; first a lead invigilator, who may "
        "prepare exams and give others a login. An empty user name ends the list, and makes the "
        "box and its certificate."
    ),
    Step.CERTIFICATE: text(
        "Browsers must trust this box once. The files go to Group Policy, MDM or the browser; "
        "whoever installs them compares the fingerprint."
    ),
    Step.KEYS: text(
        "The keys that open recordings never stay on the box. Name a directory on a USB stick: "
        "the school's root key, a reviewer's key and five recovery shares are made there."
    ),
    Step.CLOUD: text(
        "A file with the table [cloud] says where sealed copies go at night. Left empty, "
        "everything stays on this box."
    ),
    Step.REHEARSAL: text(
        "A simulated class records against this box. The box must run: start it now "
        "(systemctl start hallvakt.target). It takes as many minutes as you say."
    ),
    Step.REPORT: text("One page to print: what was decided, checked and rehearsed, to be signed."),
}
AFTER: Mapping[Step, str] = {
    Step.KEYS: text(
        "Carry it away now: give each of the five shares to another person, on paper, and delete "
        "the files; the reviewer takes the reviewer's key; the root key goes into the safe. No "
        "private key stays in this room."
    ),
    Step.CLOUD: text(
        "The cloud was reached, its location checked, and an object of one kilobyte written "
        "and read back. From now on each night proves it again: hallvakt sync status."
    ),
}
FACT: Mapping[str, str] = {
    "name": text("Name of the box"),
    "certificate_names": text("Names on the certificate"),
    "port": text("Port"),
    "http_port": text("Port of the page about warnings"),
    "lan_name": text("Name on the LAN (.local)"),
    "uplink": text("Card towards the internet"),
    "lead": text("Lead invigilator"),
    "second_factor": text("Second factor"),
    "people": text("Others"),
    "address": text("Address"),
    "until": text("Valid until"),
    "fingerprint": text("SHA-256 fingerprint"),
    "exported": text("Files for IT"),
    "directory": text("Keys were made in"),
    "root": text("Root key"),
    "reviewer": text("Reviewer's key"),
    "recovery": text("Recovery key"),
    "cloud": text("Cloud"),
    "read_back": text("Written and read back"),
    "skipped": text("Skipped"),
    "candidates": text("Candidates"),
    "minutes": text("Minutes"),
    "lost": text("Snippets lost"),
    "verdict": text("Verdict"),
    "report": text("Report"),
    "to_print": text("To print and sign"),
}
MARK: Mapping[CheckStatus, str] = {
    CheckStatus.OK: text("good"),
    CheckStatus.WARN: text("warning"),
    CheckStatus.FAIL: text("FAILS"),
}


def fact(name: str) -> str:
    return tr(FACT[name]) if name in FACT else name


def lines(note: Note) -> list[str]:
    """What a step found: its facts, then each check and what to do about it."""
    said = [f"{fact(name)}: {value}" for name, value in note.facts.items()]
    for check in note.checks:
        said.append(f"{tr(check.name)}: {tr(MARK[check.status])} · {told(check.detail)}")
        if check.advice:
            said.append(f"  → {told(check.advice)}")
    return said


def one_line(step: Step, note: Note) -> str:
    """For the answers file's runner."""
    head = tr("skipped") if note.standing is Standing.SKIPPED else tr("done")
    parts = [f"{fact(name)}: {value}" for name, value in note.facts.items()]
    parts += [f"{c.name}: {tr(MARK[c.status])}" for c in note.checks]
    return f"{tr(TITLE[step])}: {head}. {'; '.join(parts)}".rstrip()
