"""The first boot's order: what is done, what is next, and when a run was cut off too late."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance.core.checkup import CheckStatus
from appliance.core.errors import BadInput
from appliance.core.first_boot import (
    MAY_BE_SKIPPED,
    Found,
    Note,
    Standing,
    Step,
    is_done,
    next_step,
    second_factor_unseen,
)
from tui.first_boot.forms import asks
from tui.first_boot.inputs import Network
from tui.first_boot.work import network

NOTHING = Found()
WHOLE = Found(box=True, certificate=True, recipients=True)
DONE, BEGUN = Note(standing=Standing.DONE), Note(standing=Standing.BEGUN)
SKIPPED = Note(standing=Standing.SKIPPED)


def test_an_empty_machine_begins_at_the_beginning() -> None:
    assert next_step({}, NOTHING) is Step.HARDWARE


def test_the_steps_follow_each_other_until_none_is_left() -> None:
    notes: dict[Step, Note] = {}
    taken = []
    found = NOTHING
    while (step := next_step(notes, found)) is not None:
        taken.append(step)
        notes[step] = DONE
        if step is Step.PEOPLE:
            found = Found(box=True, certificate=True)
        if step is Step.KEYS:
            found = WHOLE
    assert taken == list(Step)


def test_what_is_skipped_is_over() -> None:
    notes = dict.fromkeys(Step, DONE) | dict.fromkeys(MAY_BE_SKIPPED, SKIPPED)
    assert next_step(notes, WHOLE) is None


def test_a_box_made_by_hand_has_its_names_its_person_and_its_keys() -> None:
    notes = {Step.HARDWARE: DONE, Step.TIME: DONE}
    assert next_step(notes, WHOLE) is Step.CERTIFICATE
    assert next_step({**notes, Step.CERTIFICATE: DONE}, WHOLE) is Step.CLOUD


@pytest.mark.parametrize("step", [Step.PEOPLE, Step.CERTIFICATE, Step.KEYS, Step.CLOUD,
                                  Step.REHEARSAL, Step.REPORT])  # fmt: skip
def test_what_was_done_to_a_box_that_is_gone_is_not_done(step: Step) -> None:
    assert not is_done(step, dict.fromkeys(Step, DONE), NOTHING)


def test_the_box_is_believed_before_the_notes() -> None:
    notes = dict.fromkeys(Step, DONE)
    assert next_step(notes, Found(box=True, certificate=True)) is Step.KEYS
    assert next_step(notes, Found(box=True, recipients=True)) is Step.CERTIFICATE


@pytest.mark.parametrize(
    ("notes", "found", "unseen"),
    [
        ({Step.PEOPLE: BEGUN}, WHOLE, True),
        ({Step.PEOPLE: BEGUN}, NOTHING, False),  # cut off before the box was made
        ({Step.PEOPLE: DONE}, WHOLE, False),
        ({}, WHOLE, False),
    ],
)
def test_a_second_factor_that_nobody_saw_is_noticed(
    notes: dict[Step, Note], found: Found, unseen: bool
) -> None:
    assert second_factor_unseen(notes, found) is unseen
    assert not (unseen and is_done(Step.PEOPLE, notes, found))


def test_files_go_where_the_boxs_user_may_write_when_root_started_it_at_home() -> None:
    for step, name in ((Step.CERTIFICATE, "hallvakt-trust"), (Step.REPORT, "first-boot-report.md")):
        assert [ask.default for ask in asks(step, {})] == [name]
        assert [ask.default for ask in asks(step, {}, here=False)] == [f"/var/tmp/{name}"]
    # Nothing is proposed for the cloud's file and the stick, there or here.
    assert {ask.default for ask in asks(Step.CLOUD, {}, here=False)} == {""}


@pytest.mark.parametrize("names", [(), ("10.20.0.5",)], ids=["none", "an address"])
async def test_a_machine_without_an_address_needs_names_for_its_certificate(
    names: tuple[str, ...],
) -> None:
    """Its authority could not certify an address that it gets later."""
    asked: list[tuple[str, ...]] = []
    gone = {
        "name": "addresses",
        "status": "fail",
        "detail": "it has none",
        "advice": "Look at DHCP.",
    }

    async def hallvakt(
        *words: str, secrets: Sequence[str] = (), accept: Collection[int] = ()
    ) -> Any:
        asked.append(words)
        return {"checks": [gone]}

    given = Network(certificate_names=names)
    if not names:
        with pytest.raises(BadInput, match=r"it has none\. Look at DHCP\."):
            await network(hallvakt, Path("/nowhere"), given)
        assert [words[0] for words in asked] == ["doctor"]
        return
    note = await network(hallvakt, Path("/nowhere"), given)
    assert [check.status for check in note.checks] == [CheckStatus.FAIL]  # said, and gone on
    assert asked[-1][:2] == ("init", "--check")
