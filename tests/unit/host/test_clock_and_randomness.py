"""The system's clock and generator, and that their stand-ins behave alike."""

from __future__ import annotations

import time

import pytest

from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.randomness import CODE_ALPHABET, SystemRandomness
from appliance.core.ids import check_id
from appliance.core.ports import Clock, Randomness
from tests.support.fake_clock import FakeClock
from tests.support.fake_randomness import FakeRandomness


@pytest.fixture(params=[SystemRandomness, FakeRandomness])
def randomness(request: pytest.FixtureRequest) -> Randomness:
    made: Randomness = request.param()
    return made


def test_ids_codes_and_secrets(randomness: Randomness) -> None:
    ids = {randomness.new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(check_id(name) for name in ids)
    assert len(randomness.secret(32)) == 32
    codes = "".join(randomness.code(8) for _ in range(200))
    assert len(codes) == 1600
    assert set(codes) == set(CODE_ALPHABET)
    assert not set(CODE_ALPHABET) & set("01ILO")


@pytest.mark.parametrize("clock", [SystemClock(), FakeClock()])
def test_clocks(clock: Clock) -> None:
    assert clock.now_ms() > 1_700_000_000_000
    before = clock.monotonic()
    assert clock.monotonic() >= before


def test_the_system_s_durations_count_suspend() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().monotonic() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_a_wall_clock_put_back_leaves_durations_alone() -> None:
    clock = FakeClock()
    clock.advance(10)
    clock.set_wall_clock(5_000)
    assert (clock.now_ms(), clock.monotonic()) == (5_000, 10)
    clock.advance(0.5)
    assert (clock.now_ms(), clock.monotonic()) == (5_500, 10.5)
    with pytest.raises(ValueError, match="only grows"):
        clock.advance(-1)
