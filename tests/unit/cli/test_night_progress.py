"""The bar of `sync run`: on a terminal's standard error, and nowhere else."""

from __future__ import annotations

import io
import os
import re

import pytest

from appliance.cli.night_progress import NightProgress

MB = 1_000_000


class _Clock:
    def __init__(self) -> None:
        self.s = 100.0

    def __call__(self) -> float:
        return self.s


def _night(progress: NightProgress, clock: _Clock) -> None:
    """40 MB in packs of 10, a megabyte a second."""
    progress.packs(0, 40 * MB)
    for sent in range(1, 21):
        clock.s += 1.0
        progress.sent(MB)
        if sent % 10 == 0:
            progress.packs(sent * MB, 40 * MB)


def _read(terminal: int) -> str:
    said = b""
    while not said.endswith(b"\n"):
        said += os.read(terminal, 4096)
    return said.decode()


def test_on_a_terminal_a_bar_grows_in_one_line_and_says_how_long_it_takes() -> None:
    terminal, end = os.openpty()
    try:
        with open(end, "w", encoding="utf-8") as stream:
            clock = _Clock()
            progress = NightProgress(stream, now_s=clock)
            _night(progress, clock)
            progress.close()
            said = _read(terminal)
    finally:
        os.close(terminal)
    drawn = [line.removesuffix("\x1b[K") for line in said.strip().split("\r") if line]
    assert said.count("\n") == 1  # the one that `close` leaves behind
    assert len(drawn) == 21
    assert drawn[0] == "·" * 24 + " 0.0 MB of 40.0 MB"
    assert drawn[-1] == "█" * 12 + "·" * 12 + " 20.0 MB of 40.0 MB, 20 s left"
    filled = [line.count("█") for line in drawn]
    assert filled == sorted(filled)


def test_it_is_drawn_twice_a_second_at_most_and_at_the_end() -> None:
    terminal, end = os.openpty()
    try:
        with open(end, "w", encoding="utf-8") as stream:
            clock = _Clock()
            progress = NightProgress(stream, now_s=clock)
            for _ in range(100):
                clock.s += 0.01
                progress.sent(MB)
            progress.packs(100 * MB, 100 * MB)
            progress.close()
            said = _read(terminal)
    finally:
        os.close(terminal)
    assert said.count("\r") - said.count("\r\n") <= 4
    assert "█" * 24 + " 100.0 MB of 100.0 MB" in said


def test_where_nobody_looks_nothing_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    stream, clock = io.StringIO(), _Clock()
    for progress in (NightProgress(stream, now_s=clock), NightProgress(now_s=clock)):
        _night(progress, clock)
        progress.close()
    assert stream.getvalue() == ""
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("rate_byte_s", "left"),
    [(10 * MB, "9 s left"), (200_000, "8 min left"), (10_000, "2.8 h left")],
)
def test_the_time_left_is_said_in_seconds_minutes_or_hours(rate_byte_s: int, left: str) -> None:
    terminal, end = os.openpty()
    try:
        with open(end, "w", encoding="utf-8") as stream:
            clock = _Clock()
            progress = NightProgress(stream, now_s=clock)
            progress.packs(0, 100 * MB + rate_byte_s)
            clock.s += 1.0
            progress.sent(rate_byte_s)
            line = progress.line()
    finally:
        os.close(terminal)
    found = re.search(r", (.*)$", line)
    assert found is not None
    assert found[1].endswith("left")
    assert found[1] == (left if rate_byte_s != 10 * MB else "10 s left")
