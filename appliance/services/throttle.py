"""Slowing down guesses: per name, known or not, so that nobody can lock others out and nobody
learns which names exist."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from appliance.core.errors import Refused
from appliance.core.ports import Clock

FREE_FAILURES = 3
FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
_FORGET_AFTER_S = 3600.0
_MOST_NAMES = 10_000


class Throttled(Refused):
    """Come back after `retry_after_s` seconds."""

    code = "throttled"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class _Failures:
    count: int
    last: float


class Throttle:
    """Waits double from the fourth failure on: 1, 2, 4 ... 60 seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, name: str) -> None:
        """Raise Throttled while `name` has to wait."""
        failures = self._failures.get(name)
        if failures is None:
            return
        since = self._clock.monotonic() - failures.last
        if since > _FORGET_AFTER_S:
            del self._failures[name]
            return
        over = failures.count - FREE_FAILURES
        wait = min(FIRST_WAIT_S * 2.0 ** min(over, 16), LONGEST_WAIT_S) if over >= 0 else 0.0
        if since < wait:
            left = wait - since
            raise Throttled(f"Too many tries for this name: wait {max(1, round(left))} s.", left)

    def failed(self, name: str) -> None:
        failures = self._failures.pop(name, None) or _Failures(0, 0.0)
        failures.count += 1
        failures.last = self._clock.monotonic()
        self._failures[name] = failures
        if len(self._failures) > _MOST_NAMES:
            self._failures.popitem(last=False)

    def succeeded(self, name: str) -> None:
        self._failures.pop(name, None)
