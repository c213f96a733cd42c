"""Plain mode offers everything the drawn console does, and does it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from textual.binding import Binding

from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.core.exam import ExamState
from tests.tui import halls
from tests.tui.scripted_box import ScriptedBox
from tests.tui.test_plain import Talk, talk  # noqa: F401 - a fixture
from tui.language import tr
from tui.plain_commands import COMMANDS, DRAWN_ONLY
from tui.screens.hall import HallScreen
from tui.screens.hall_menu import offered
from tui.screens.more_acts import choices


def drawn_acts() -> Iterator[str]:
    """Every key of the hall and every line of its two menus, by what it does."""
    for above in HallScreen.__mro__:
        for binding in vars(above).get("BINDINGS", ()):
            if isinstance(binding, Binding) and above.__module__.startswith("tui."):
                action, _, argument = binding.action.partition("(")
                yield argument.strip("')") if action == "act" else action
    yield from (choice.value for choice in offered(gate=True, muted=False))
    seat = halls.seat(1, "A1")
    for state in AttemptState:
        for link in LinkState:
            for camera in CameraState:
                asked = replace(seat, state=state, link=link, camera=camera, takeover_asked=True)
                yield from (choice.value for choice in choices(asked))
    yield "accommodate"


def test_every_act_of_the_drawn_console_has_its_words() -> None:
    in_words = {act for command in COMMANDS for act in command.acts}
    drawn = set(drawn_acts())
    assert drawn - in_words - set(DRAWN_ONLY) == set()
    assert in_words - drawn == set()  # nothing stands for what is not there


def test_no_two_commands_have_one_name_in_swedish(swedish: None) -> None:
    names = [tr(command.name) for command in COMMANDS]
    assert sorted(names) == sorted(set(names))
    english = {command.name for command in COMMANDS}
    assert not [c.name for c in COMMANDS if tr(c.name) in english - {c.name}]


async def test_the_rarer_acts_on_a_seat(talk: Talk, box: ScriptedBox) -> None:  # noqa: F811
    await talk.asks("late A6", "Say why")
    await talk.asks("late A6 bus", "Seat A6: done.")
    await talk.asks("watch A2 lens", "Seat A2: done.")
    await talk.asks("camera A2", "Seat A2: done.")
    await talk.asks("takeover A2", "Seat A2: done.")
    await talk.asks("release A2", "Seat A2: done.")
    await talk.asks("end A2 ill", "Seat A2: done.")
    await talk.asks("spare A1", "It works once.")
    await talk.asks("swap A1", "Which seat, and why?")
    await talk.asks("swap A2 b4 lamp", "Seats A2 and B4 are exchanged.")
    assert box.acts() == [
        {"act": "admit_late", "reason": "bus"},
        {"act": "seat_watched", "reason": "lens"},
        {"act": "camera_again"},
        {"act": "takeover_approve"},
        {"act": "release_seat"},
        {"act": "end", "reason": "ill"},
    ]


async def test_detectors_are_told_and_switched_with_a_reason(
    talk: Talk,  # noqa: F811
    box: ScriptedBox,
) -> None:
    await talk.asks("detectors A1", "1: ")
    await talk.asks("detectors A1 1", "Say why")
    await talk.asks("detectors A1 77 tic", "Which?")
    await talk.asks("detectors A1 1 has a tic", "Seat A1: done.")
    method, path, body = box.asked[-1]
    assert (method, path.rpartition("/")[2], body["reason"]) == (
        "PUT",
        "accommodation",
        "has a tic",
    )
    assert len(body["switched_off"]) == 1


async def test_one_act_for_several(talk: Talk, box: ScriptedBox) -> None:  # noqa: F811
    await talk.asks("several A1-A2,B3 message Hej alla", "Done at")
    await talk.asks("several row=a extra 15 fire alarm", "Done at")
    await talk.asks("several hall=hall_a break", "Done at")
    await talk.asks("several all back", "Done at")
    await talk.asks("several moretime message Hej", "Done at")
    await talk.asks("several A1 dance", "One of these: message")
    await talk.asks("several hall=nowhere break", "No hall is called nowhere")
    asked = [body for _, path, body in box.asked if path.endswith(f"{halls.EXAM}/acts")]
    assert [len(body["to"].get("attempts", ())) for body in asked] == [3, 0, 0, 0, 0]
    assert [body["to"] for body in asked[1:]] == [
        {"hall": "Hall A", "row": "A"},
        {"hall": "Hall A"},
        {"everybody": True},
        {"accommodated": True},
    ]
    assert asked[1]["minutes"] == 15


async def test_the_hall_in_lines(talk: Talk, box: ScriptedBox) -> None:  # noqa: F811
    box.hall_codes = {
        "needed": True,
        "codes": [{"hall": "Hall A", "code": "7KQ2", "until_ms": halls.NOW_MS + 60_000}],
    }
    await talk.asks("breaks", "Seat B2, ")
    await talk.asks("codes", "Hall A: 7 K Q 2, until 09:43.")
    await talk.asks("open", "still open.")
    await talk.asks("duty", "You are on duty.")
    await talk.asks("note the lamp at B4 flickers", "The note is there")
    await talk.asks("shift", "ingrid")
    await talk.asks("off", "You have left the shift.")
    await talk.asks("gate", "roster, in order: 30 candidates.")


@pytest.mark.parametrize("status", ["fail", "warn"])
async def test_starting_past_a_gate_that_is_not_ready_wants_a_reason(
    talk: Talk,  # noqa: F811
    box: ScriptedBox,
    status: str,
) -> None:
    box.gate = [{"name": "relay", "status": status, "detail": "it is silent", "advice": "Look."}]
    await talk.asks("start", "To start all the same")
    assert "relay, not ready: it is silent. Look." in talk.heard
    assert not [path for _, path, _ in box.asked if path.endswith("/state")]
    talk.type("start nobody needs live views")
    await talk.asks("status", "Matematik 3c")
    body = [body for _, path, body in box.asked if path.endswith("/state")][-1]
    assert body == {"to": ExamState.LIVE, "override": "nobody needs live views"}
