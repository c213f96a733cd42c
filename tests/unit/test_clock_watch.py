"""A step of the wall clock is told from time that passed."""

from __future__ import annotations

import pytest

from appliance.core.clock_watch import ClockReading, in_words, stepped_ms

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


def test_words() -> None:
    assert in_words(24 * HOUR_MS) == "24 h 0 min forward"
    assert in_words(-90 * 60_000) == "1 h 30 min back"
