"""A refused step names the command that leads on, and stays the refusal it was."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appliance.cli.box_client import BoxClient
from appliance.cli.exam_next import told_what_next
from appliance.core.errors import Locked, NotAllowed, Refused, WrongState


class Box:
    """Answers what state the exam is in."""

    def __init__(self, state: str) -> None:
        self.state = state

    async def call(self, method: str, path: str) -> dict[str, Any]:
        assert (method, path) == ("GET", "/exams/0a1b")
        return {"state": self.state}


async def refused(error: Refused, state: str = "open") -> Refused:
    with pytest.raises(Refused) as raised:
        async with told_what_next(cast("BoxClient", Box(state)), "ABC234", "0a1b"):
            raise error
    assert type(raised.value) is type(error)
    assert raised.value.code == error.code
    return raised.value


async def test_the_gate_names_the_option_that_starts_all_the_same() -> None:
    said = (await refused(WrongState("Not everything is ready.", code="start-gate"))).message
    assert said.startswith("Not everything is ready. ")
    assert '`hallvakt exam start ABC234 --override "REASON"`' in said


async def test_without_a_roster_its_import_comes_next() -> None:
    said = (await refused(WrongState("No roster.", code="no-roster"))).message
    assert "`hallvakt exam import-roster ABC234 FILE`" in said


@pytest.mark.parametrize("error", [WrongState("Not now."), NotAllowed("No.", code="exam-state")])
@pytest.mark.parametrize(
    ("state", "step"), [("draft", "ready"), ("ready", "open"), ("open", "start"), ("live", "close")]
)
async def test_in_another_state_the_step_from_there(error: Refused, state: str, step: str) -> None:
    assert f"`hallvakt exam {step} ABC234`" in (await refused(error, state)).message


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (WrongState("It is over."), "closed"),
        (NotAllowed("You are not assigned to this exam."), "open"),
        (Locked("Locked."), "open"),
    ],
)
async def test_where_no_command_leads_on_nothing_is_added(error: Refused, state: str) -> None:
    assert (await refused(error, state)).message == error.message
