"""The first boot of a box: its steps, their order, what is done and what is next. Pure.

What was done stands in two places: on the box itself (`Found`), which is believed first, and in
the notes of earlier runs (`Note`), which hold no secret. So a run that was cut off goes on where it
was, and a box that was taken away since is made again.

People come before the certificate: one command, `init`, makes the box, its first person and its
certificate together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.core.checkup import Check


class Step(StrEnum):
    """In the order in which they are taken."""

    HARDWARE = "hardware"
    NETWORK = "network"
    TIME = "time"
    PEOPLE = "people"
    CERTIFICATE = "certificate"
    KEYS = "keys"
    CLOUD = "cloud"
    REHEARSAL = "rehearsal"
    REPORT = "report"


class Standing(StrEnum):
    """`begun`: the next run must find out how far it came."""

    BEGUN = "begun"
    DONE = "done"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a step left: `facts`, by a word for each (`first_boot/words.py` of the console has them
    in full), and what the doctor said. It is printed: it holds no secret."""

    standing: Standing
    facts: Mapping[str, str] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What lies in the state directory: box.toml, the served certificate, signed recipients."""

    box: bool = False
    certificate: bool = False
    recipients: bool = False


Notes = Mapping[Step, Note]

_ON_THE_BOX = frozenset({Step.CERTIFICATE, Step.KEYS, Step.CLOUD, Step.REHEARSAL, Step.REPORT})
MAY_BE_SKIPPED = frozenset({Step.CLOUD, Step.REHEARSAL})


def is_done(step: Step, notes: Notes, found: Found) -> bool:
    if step in _ON_THE_BOX and not found.box:
        return False
    ended = step in notes and notes[step].standing is not Standing.BEGUN
    if step is Step.NETWORK:
        return ended or found.box
    if step is Step.PEOPLE:  # a box that `init` made by hand has its first person too
        return found.box and (ended or step not in notes)
    if step is Step.CERTIFICATE:
        return ended and found.certificate
    if step is Step.KEYS:
        return found.recipients
    return ended


def next_step(notes: Notes, found: Found) -> Step | None:
    """None when all is done."""
    return next((step for step in Step if not is_done(step, notes, found)), None)


def second_factor_unseen(notes: Notes, found: Found) -> bool:
    """Whether a run made the box and was cut off before anybody had the first person's secret,
    which is shown once."""
    note = notes.get(Step.PEOPLE)
    return found.box and note is not None and note.standing is Standing.BEGUN
