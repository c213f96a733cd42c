"""Which second computer gets a seat: the one that was let in, once, in time."""

from __future__ import annotations

import pytest

from appliance.core.errors import WrongState
from appliance.core.ids import AttemptId
from appliance.services.takeovers import GOOD_FOR_S, Takeovers
from tests.support.fake_clock import FakeClock
from tests.support.fake_randomness import FakeRandomness

SEAT, OTHER_SEAT = AttemptId("a" * 32), AttemptId("b" * 32)
SPARE, STRANGER = b"spare computer", b"somebody else"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def takeovers(clock: FakeClock) -> Takeovers:
    return Takeovers(clock, FakeRandomness())


def test_the_page_that_asked_is_let_in_once_and_no_other(takeovers: Takeovers) -> None:
    takeovers.asked(SEAT, SPARE)
    assert not takeovers.use(SEAT, SPARE, "")
    takeovers.approve(SEAT)
    assert not takeovers.use(SEAT, STRANGER, "")
    assert not takeovers.use(OTHER_SEAT, SPARE, "")
    assert takeovers.use(SEAT, SPARE, "")
    assert not takeovers.use(SEAT, SPARE, "")


def test_who_asked_last_is_the_one_approved(takeovers: Takeovers) -> None:
    takeovers.asked(SEAT, STRANGER)
    takeovers.asked(SEAT, SPARE)
    takeovers.approve(SEAT)
    assert not takeovers.use(SEAT, STRANGER, "")


def test_nobody_asked_nobody_is_approved(takeovers: Takeovers) -> None:
    with pytest.raises(WrongState, match="No other computer waits"):
        takeovers.approve(SEAT)


def test_a_code_lets_one_in_however_it_is_typed(takeovers: Takeovers) -> None:
    code = takeovers.new_code(SEAT).code
    assert not takeovers.use(OTHER_SEAT, SPARE, code)
    assert takeovers.use(SEAT, SPARE, f" {code[:3].lower()}-{code[3:]}")
    assert not takeovers.use(SEAT, STRANGER, code)


def test_a_new_code_ends_the_one_before(takeovers: Takeovers) -> None:
    first, second = takeovers.new_code(SEAT), takeovers.new_code(SEAT)
    assert first.code != second.code
    assert not takeovers.use(SEAT, SPARE, first.code)
    assert takeovers.use(SEAT, SPARE, second.code)


def test_both_end_after_a_while(takeovers: Takeovers, clock: FakeClock) -> None:
    takeovers.asked(SEAT, SPARE)
    takeovers.approve(SEAT)
    code = takeovers.new_code(SEAT).code
    clock.advance(GOOD_FOR_S)
    assert not takeovers.use(SEAT, SPARE, code)
