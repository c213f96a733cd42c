"""Nonces for joining: the box's own, once, for two minutes, however many are asked for."""

from __future__ import annotations

import pytest

from appliance.core.errors import Refused
from appliance.services.challenges import LIFE_S, Challenges
from tests.support.fake_clock import FakeClock
from tests.support.fake_randomness import FakeRandomness


def _refused(challenges: Challenges, nonce: str) -> bool:
    try:
        challenges.use(nonce)
    except Refused as error:
        return error.code == "bad-nonce"
    return False


def test_whoever_asks_for_many_pushes_nobody_out() -> None:
    challenges = Challenges(FakeClock(), FakeRandomness())
    mine = challenges.new()
    others = {challenges.new() for _ in range(30_000)}
    assert len(others) == 30_000
    assert not _refused(challenges, mine)
    assert _refused(challenges, mine)


def test_a_nonce_is_good_for_two_minutes_also_after_others_were_used() -> None:
    clock = FakeClock()
    challenges = Challenges(clock, FakeRandomness())
    early, late = challenges.new(), challenges.new()
    clock.advance(LIFE_S - 1)
    assert not _refused(challenges, early)
    clock.advance(2)
    assert _refused(challenges, late)
    assert _refused(challenges, early)
    assert not _refused(challenges, challenges.new())


@pytest.mark.parametrize("nonce", ["", "x", "å" * 54, "A" * 54, "A" * 5000, "=" * 8])
def test_what_the_box_did_not_make_is_refused(nonce: str) -> None:
    challenges = Challenges(FakeClock(), FakeRandomness())
    mine = challenges.new()
    other = Challenges(FakeClock(), FakeRandomness("another gateway")).new()
    changed = ("A" if mine[0] != "A" else "B") + mine[1:]
    assert all(_refused(challenges, one) for one in (nonce, other, changed, mine[:-2]))
    assert not _refused(challenges, mine)
