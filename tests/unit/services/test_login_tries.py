"""Who guesses waits; whose name it is does not."""

from __future__ import annotations

import pytest

from appliance.services.login_tries import TRIES_A_SECOND, TRIES_AT_ONCE, LoginTries
from appliance.services.throttle import Throttled
from tests.support.fake_clock import FakeClock


def test_a_computer_that_guesses_a_name_makes_only_itself_wait() -> None:
    clock = FakeClock()
    tries = LoginTries(clock)
    for _ in range(1_000):  # as long as anybody likes
        try:
            tries.begin("anna", "10.0.0.66")
        except Throttled as error:
            clock.advance(min(error.retry_after_s, 1.0))
    tries.begin("anna", "10.0.0.5")
    tries.succeeded("anna", "10.0.0.5")
    with pytest.raises(Throttled):
        tries.begin("anna", "10.0.0.66")


def test_many_addresses_together_are_slowed_and_the_usual_one_is_not() -> None:
    clock = FakeClock()
    tries = LoginTries(clock)
    tries.begin("anna", "10.0.0.5")
    tries.succeeded("anna", "10.0.0.5")
    taken = 0
    for second in range(3600):
        clock.advance(1)
        try:
            tries.begin("anna", f"10.1.{second // 250}.{second % 250}")
        except Throttled:
            continue
        taken += 1
    assert taken <= TRIES_AT_ONCE + 3600 * TRIES_A_SECOND + 1
    tries.begin("anna", "10.0.0.5")
    assert tries.known("anna", "10.0.0.5")
    assert not tries.known("bo", "10.0.0.5")
    tries.begin("bo", "10.1.0.1")  # other names do not wait
