"""A look that goes on is one entry in the log; a new one is another."""

from __future__ import annotations

from appliance.core.ids import AttemptId, UserId
from appliance.services.looks import CONTINUES_MS, LONGEST_MS, Looks
from tests.support.fake_clock import FakeClock

INGRID, IVAR = UserId("1" * 32), UserId("2" * 32)
A1, A2 = AttemptId("a" * 32), AttemptId("b" * 32)


def looked(looks: Looks, who: UserId, whom: AttemptId) -> bool:
    """One picture fetched; whether it was written down."""
    new = looks.begins(who, whom)
    if new:
        looks.began(who, whom)
    return new


def test_who_goes_on_looking_is_written_down_once() -> None:
    clock = FakeClock()
    looks = Looks(clock)
    assert looked(looks, INGRID, A1)
    for _ in range(9):
        clock.advance(CONTINUES_MS / 1000)
        assert not looked(looks, INGRID, A1)


def test_another_person_another_seat_and_a_pause_are_looks_of_their_own() -> None:
    clock = FakeClock()
    looks = Looks(clock)
    assert looked(looks, INGRID, A1)
    assert looked(looks, INGRID, A2)
    assert looked(looks, IVAR, A1)
    clock.advance(CONTINUES_MS / 1000 + 0.001)
    assert looked(looks, INGRID, A1)


def test_a_long_look_is_written_down_again_and_again() -> None:
    clock = FakeClock()
    looks = Looks(clock)
    times = 0
    for _ in range(3 * LONGEST_MS // 20_000):
        times += looked(looks, INGRID, A1)
        clock.advance(20)
    assert times == 3


def test_a_look_that_could_not_be_written_down_has_not_begun() -> None:
    looks = Looks(FakeClock())
    assert looks.begins(INGRID, A1)
    assert looks.begins(INGRID, A1)
