"""A line that is said again and again is said seldom, and how often it was not is said."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

from appliance.processes.log_limit import LINES, PER_S, LogLimit
from appliance.processes.log_lines import log_to_stderr
from tests.support.fake_clock import FakeClock


def test_so_many_a_minute_then_a_count() -> None:
    clock = FakeClock()
    limit = LogLimit(clock.monotonic)
    said = [limit.withheld("the disk failed") for _ in range(LINES + 5)]
    assert said == [0] * LINES + [None] * 5
    assert limit.withheld("something else") == 0  # one noisy line hides no other
    clock.advance(PER_S)
    assert limit.withheld("the disk failed") == 5
    assert limit.withheld("the disk failed") == 0


def test_what_is_no_kind_fills_no_memory() -> None:
    limit = LogLimit()
    for number in range(3000):
        assert limit.withheld(f"line {number}") == 0
    assert len(limit._kinds) <= 1001


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What goes to standard error, which everything else has back afterwards."""
    root, out = logging.root, io.StringIO()
    handlers, level = root.handlers[:], root.level
    hooks = sys.excepthook, sys.unraisablehook, threading.excepthook
    with contextlib.redirect_stderr(out):
        log_to_stderr()
        yield out
    sys.excepthook, sys.unraisablehook, threading.excepthook = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def test_the_box_s_log_is_limited_also_for_foreign_libraries(written: io.StringIO) -> None:
    log, foreign = structlog.get_logger("box"), logging.getLogger("library")
    for number in range(3 * LINES):
        log.warning("again", code=number)
        foreign.warning("again %s", number)
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert len(lines) == 2 * LINES
    assert {line["code"] for line in lines if "code" in line} == set(range(LINES))
