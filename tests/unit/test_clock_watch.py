"""A step of the wall clock is told from time that passed."""

from __future__ import annotations

import pytest

from appliance.core.clock_watch import ClockReading, in_words, leapt_ms, stepped_ms

HOUR_MS = 3_600_000


def _read(wall_h: float, running_h: float, boot: str = "a") -> ClockReading:
    return ClockReading(
        wall_ms=round(wall_h * HOUR_MS), running_ms=round(running_h * HOUR_MS), boot=boot
    )


@pytest.mark.parametrize(
    ("now", "step_h"),
    [
        (_read(150, 60), 0),  # fifty hours of both
        (_read(100.1, 10), 0),  # a time server's correction
        (_read(124, 10), 24),
        (_read(76, 10), -24),
        (_read(500, 1, boot="b"), 0),  # nobody knows how long it was off
    ],
)
def test_a_step_is_what_goes_beyond(now: ClockReading, step_h: float) -> None:
    assert stepped_ms(_read(100, 10), now) == step_h * HOUR_MS


@pytest.mark.parametrize(
    ("now", "leap_h"),
    [
        (_read(5000, 10), 0),  # within one boot that is a step
        (_read(100 + 24 * 13, 1, boot="b"), 0),  # a break
        (_read(100 + 24 * 365, 1, boot="b"), 24 * 365 - 1),  # a year off, or a wrong clock
        (_read(100 + 24 * 365, 24 * 364, boot="b"), 0),  # it has run since, and no round came
        (_read(-9000, 1, boot="b"), 0),  # back: nothing is old by it
    ],
)
def test_a_start_far_ahead_of_the_last_round_is_a_leap(now: ClockReading, leap_h: float) -> None:
    assert leapt_ms(_read(100, 10), now) == leap_h * HOUR_MS


def test_words() -> None:
    assert in_words(24 * HOUR_MS) == "24 h 0 min forward"
    assert in_words(-90 * 60_000) == "1 h 30 min back"
