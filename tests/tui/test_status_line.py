"""What the line above the keys says when the box has more to look at than it can."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

import pytest

from appliance.core.feed import HallView, NightLine
from appliance.core.overload import LeftOut
from appliance.core.settings import Features
from appliance.services.clock_watch import NOTE
from tests.tui import halls
from tests.tui.halls import BOX
from tui.language import speak
from tui.plain_words import status_lines
from tui.widgets.status_line import _LOUD, _OK, _box_parts, night_words

_AT_MS = round(datetime(2026, 11, 26, 4, 40).timestamp() * 1000)  # by this machine's clock


@pytest.fixture
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    yield speak(request.param)
    speak("en")


@pytest.mark.parametrize(
    ("level", "said"),
    [
        (0, ""),
        (1, "BUSY: no head turns"),
        (2, "BUSY: no head turns, half the pictures"),
        (3, "BUSY: no head turns, half the pictures, no thumbnails"),
    ],
)
def test_what_is_left_out_is_said_first_and_in_one_line(level: int, said: str) -> None:
    box = replace(BOX, left_out=tuple(LeftOut)[:level], backlog=140)
    line = "".join(part for part, _ in _box_parts(box))
    assert line.startswith(f" · {said}" if said else " · relay ok")
    assert ("BUSY" in line) == bool(level)
    assert "140 waiting" in line


@pytest.mark.parametrize("relay", [True, False])
def test_an_exam_without_live_views_has_no_relay_to_be_down(relay: bool) -> None:
    box = replace(BOX, relay=relay)
    assert "relay" not in "".join(part for part, _ in _box_parts(box, live_views=False)).casefold()
    exam = replace(halls.exam(), features=Features(live_view=False))
    said = "".join(status_lines(HallView(exam=exam, box=box), halls.NOW_MS))
    assert "relay" not in said.casefold()
    with_views = HallView(exam=halls.exam(), box=box)
    assert ("RELAY DOWN" in "".join(status_lines(with_views, halls.NOW_MS))) is not relay


def _waits(gb: float, nights: int, done_ms: int | None = _AT_MS, **more: bool) -> NightLine:
    return NightLine(bytes=round(gb * 1e9), nights=nights, finishes_ms=done_ms, **more)


@pytest.mark.parametrize(
    ("language", "night", "said"),
    [
        ("en", _waits(9.1, 1), "night: 9.1 GB, done 04:40"),
        ("sv", _waits(9.1, 1), "natt: 9.1 GB, klart 04:40"),
        ("en", _waits(21, 2), "2 nights: 21.0 GB, done 04:40"),
        ("sv", _waits(21, 2), "2 nätter: 21.0 GB, klart 04:40"),
        ("en", _waits(900, 0, None), "night: 900.0 GB, more than a week"),
        ("sv", _waits(900, 0, None), "natt: 900.0 GB, mer än en vecka"),
        ("en", _waits(0.005, 1, None), "night: 5.0 MB"),
        ("sv", _waits(0.005, 1, None), "natt: 5.0 MB"),
        ("en", _waits(1, 1, paused=True), "night: 1.0 GB, paused"),
        ("sv", _waits(1, 1, paused=True), "natt: 1.0 GB, pausad"),
    ],
    indirect=["language"],
)
def test_the_footer_says_what_the_night_will_do(language: str, night: NightLine, said: str) -> None:
    assert night_words(night) == said
    parts = _box_parts(replace(BOX, night=night))
    loud = night.paused or night.nights != 1  # two nights, a pause and more than a week need eyes
    assert (f" · {said}", _LOUD if loud else _OK) in parts


def test_a_box_with_nothing_to_send_says_nothing_of_the_night() -> None:
    assert "night" not in "".join(part for part, _ in _box_parts(BOX))


@pytest.mark.parametrize("language", ["sv"], indirect=True)
def test_a_clock_that_jumped_is_said_in_the_console_s_language(language: str) -> None:
    line = "".join(part for part, _ in _box_parts(replace(BOX, note=NOTE)))
    assert line.endswith("Boxens klocka hoppade: säg till teknikern.")
