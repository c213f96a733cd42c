"""What a seat shows first, and in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from appliance.core.attempt import AttemptState, CameraState, LinkState
from tests.tui import halls
from tui.seat_look import SeatLook, counts, look_of
from tui.seat_words import age_or_out, facts, phrases, picture_age
from tui.words import span, stopwatch

NOW = halls.NOW_MS


@pytest.mark.parametrize(
    ("changes", "look"),
    [
        ({}, SeatLook.RECORDING),
        ({"open_incidents": 1, "hand_raised": True}, SeatLook.NEEDS_EYES),
        ({"takeover_asked": True, "hand_raised": True}, SeatLook.TAKEOVER),
        ({"hand_raised": True, "link": LinkState.LOST}, SeatLook.HAND),
        ({"link": LinkState.LOST, "last_picture_ms": NOW - 90_000}, SeatLook.LINK_LOST),
        ({"last_picture_ms": NOW - 31_000}, SeatLook.STALE),
        ({"last_picture_ms": NOW - 29_000}, SeatLook.RECORDING),
        ({"last_picture_ms": None, "recording_since_ms": NOW - 31_000}, SeatLook.STALE),
        ({"last_picture_ms": None, "recording_since_ms": NOW - 29_000}, SeatLook.RECORDING),
        ({"last_picture_ms": None, "recording_since_ms": None}, SeatLook.RECORDING),
        (
            {"last_picture_ms": NOW - 900_000, "recording_since_ms": NOW - 9_000},
            SeatLook.RECORDING,  # back from a break
        ),
        (
            {"last_picture_ms": NOW - 31_000, "recording_since_ms": NOW - 900_000},
            SeatLook.STALE,
        ),
        ({"state": AttemptState.ON_BREAK, "last_picture_ms": NOW - 90_000}, SeatLook.ON_BREAK),
        ({"camera": CameraState.REFUSED, "last_picture_ms": None}, SeatLook.WATCHED),
        ({"state": AttemptState.HANDED_IN, "link": LinkState.LOST}, SeatLook.HANDED_IN),
        ({"state": AttemptState.ENDED, "hand_raised": True}, SeatLook.ENDED),
        ({"state": AttemptState.EXPECTED, "link": LinkState.NEVER}, SeatLook.EXPECTED),
        ({"state": AttemptState.CHECKED_IN}, SeatLook.CHECKED_IN),
    ],
)
def test_the_most_urgent_thing_shows(changes: dict[str, Any], look: SeatLook) -> None:
    assert look_of(halls.seat(1, "A1", **changes), NOW) is look


def test_every_look_differs_without_colour() -> None:
    assert len({look.glyph for look in SeatLook}) == len(SeatLook)
    assert len({look.letter for look in SeatLook}) == len(SeatLook)
    assert len({look.word for look in SeatLook}) == len(SeatLook)
    assert all(look.letter.isascii() for look in SeatLook)


def test_counts_leave_out_what_is_not_there() -> None:
    found = counts(halls.usual_hall().seats, NOW)
    assert (found[0].look, found[0].seats) == (SeatLook.NEEDS_EYES, 2)
    assert sum(each.seats for each in found) == 30
    assert SeatLook.TAKEOVER not in [each.look for each in found]


def test_who_is_out_is_seen_and_counted_whatever_else_the_seat_says() -> None:
    hall = halls.usual_hall().seats
    before = {each.look: each.seats for each in counts(hall, NOW)}
    out = [
        replace(seat, state=AttemptState.ON_BREAK) if seat.open_incidents else seat for seat in hall
    ]
    after = {each.look: each.seats for each in counts(out, NOW)}
    assert after[SeatLook.NEEDS_EYES] == before[SeatLook.NEEDS_EYES]
    assert after[SeatLook.ON_BREAK] == before[SeatLook.ON_BREAK] + 2
    assert [age_or_out(seat, NOW) for seat in out if seat.open_incidents] == ["out", "out"]


@pytest.mark.parametrize("seat", halls.usual_hall().seats, ids=lambda seat: seat.seat)
def test_the_shortest_wording_fits_the_narrowest_desk(seat: object) -> None:
    assert len(phrases(seat, NOW)[-1]) <= 9  # type: ignore[arg-type]


def test_an_old_picture_is_loud() -> None:
    assert picture_age(halls.seat(1, "A1"), NOW) == "picture 4 s old"
    stale = halls.seat(1, "A1", last_picture_ms=NOW - 47_000)
    assert picture_age(stale, NOW) == "PICTURE 47 S OLD"
    never = halls.seat(1, "A1", last_picture_ms=None, recording_since_ms=NOW - 600_000)
    assert picture_age(never, NOW) == "NO PICTURE YET"
    assert phrases(never, NOW) == ("no picture yet", "no image")


def test_lengths_of_time() -> None:
    assert [span(s) for s in (-3, 0, 99, 100, 3599, 3600)] == [
        "0 s",
        "0 s",
        "99 s",
        "1 min",
        "59 min",
        "1 h 00",
    ]
    assert stopwatch(190_000) == "03:10"
    assert stopwatch(3_790_000) == "1:03:10"


@pytest.mark.parametrize("camera", [CameraState.WATCHED, CameraState.MISSING, CameraState.REFUSED])
def test_a_card_says_recording_only_where_a_camera_is(camera: CameraState) -> None:
    recorded = halls.seat(1, "A1", state=AttemptState.RECORDING)
    watched = halls.seat(1, "A1", state=AttemptState.RECORDING, camera=camera)
    assert "recording" in [words for _, words, _ in facts(recorded, halls.NOW_MS)]
    assert "recording" not in [words for _, words, _ in facts(watched, halls.NOW_MS)]
