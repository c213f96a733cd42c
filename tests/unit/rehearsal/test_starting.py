"""A rehearsal passes what the gate warns of; what fails stops it as it would stop an exam."""

from __future__ import annotations

import msgspec
import pytest

from appliance.core import start_gate
from appliance.core.checkup import Check, fail, ok, warn
from appliance.rehearsal.starting import reason_to_start

GOOD = ok("roster", "3 candidates")
HM = warn("clock", "no time service", "Set it.")
NO = fail("disk", "it is full", "Free room.")


@pytest.mark.parametrize(
    ("checks", "reason"),
    [
        ([GOOD], "a rehearsal"),  # unused by the box; a worker may fall before it starts
        ([GOOD, HM], "a rehearsal"),
        ([GOOD, HM, NO], ""),
        ([NO], ""),
    ],
)
def test_only_what_warns_is_passed(checks: list[Check], reason: str) -> None:
    gate = msgspec.json.decode(msgspec.json.encode(start_gate.report(checks)))
    assert reason_to_start(gate, "a rehearsal") == reason
