"""What bounds the gateway: bytes in memory, tries of a name, numbers of snippets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import BadInput, Unreachable
from appliance.services.arrivals import WINDOW, Arrived
from appliance.services.byte_budget import ByteBudget
from appliance.services.throttle import LONGEST_WAIT_S, Throttle, Throttled
from tests.support.fake_clock import FakeClock


def test_bytes_are_given_back_whatever_happens() -> None:
    budget = ByteBudget(100)
    with budget.reserve(60):
        with pytest.raises(Unreachable, match="taking in") as refused, budget.reserve(41):
            pass
        assert refused.value.code == "busy"
        with pytest.raises(ValueError, match="x"), budget.reserve(40):
            raise ValueError("x")
        assert budget.used == 60
    assert budget.used == 0


def test_waits_double_and_end() -> None:
    clock = FakeClock()
    throttle = Throttle(clock)
    waits = []
    for _ in range(12):
        throttle.check("name")
        throttle.failed("name")
        try:
            throttle.check("name")
        except Throttled as error:
            waits.append(error.retry_after_s)
            clock.advance(error.retry_after_s)
    assert waits == [1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S, LONGEST_WAIT_S, 60]
    throttle.check("somebody else")
    throttle.succeeded("name")
    throttle.failed("name")
    throttle.check("name")


@given(st.permutations(range(1, 40)), st.integers(0, 39))
def test_acknowledged_is_the_highest_without_a_gap(order: list[int], upto: int) -> None:
    arrived, seen = Arrived(), set[int]()
    for number in order[:upto]:
        arrived.add(number)
        seen.add(number)
        expected = next(n for n in range(41) if n + 1 not in seen)
        assert arrived.solid == expected
        assert arrived.highest == max(seen)
    assert all((n in arrived) == (n in seen) for n in range(42))


def test_far_numbers_are_refused() -> None:
    arrived = Arrived.of(range(1, 1000))
    arrived.check_new(999 + WINDOW)
    for number in (0, 999 + WINDOW + 1, 999 - WINDOW - 1):
        with pytest.raises(BadInput):
            arrived.check_new(number)
