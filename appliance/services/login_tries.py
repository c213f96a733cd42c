"""Slowing down who guesses passphrases without keeping out whose name it is.

Wrong tries of a name are counted for each address they come from, so a computer in the hall that
tries an invigilator's name makes itself wait and not the invigilator. All addresses together have a
bound too; it does not hold for an address that this name has logged in from before.
"""

from __future__ import annotations

from collections import OrderedDict

from appliance.core.ports import Clock
from appliance.services.throttle import Throttle
from appliance.services.token_buckets import TokenBuckets

TRIES_AT_ONCE, TRIES_A_SECOND = 30.0, 1 / 6  # of one name, from all addresses it never came from
_MOST_KNOWN = 10_000


class LoginTries:
    def __init__(self, clock: Clock) -> None:
        self._own = Throttle(clock)
        self._all = TokenBuckets(
            burst=TRIES_AT_ONCE, per_second=TRIES_A_SECOND, monotonic=clock.monotonic
        )
        self._known: OrderedDict[str, None] = OrderedDict()

    def known(self, name: str, address: str) -> bool:
        """Has this name logged in from there since the box was started?"""
        return _key(name, address) in self._known

    def begin(self, name: str, address: str) -> None:
        """Counted before it is known to be wrong, so that tries side by side count too. Raise
        Throttled."""
        key = _key(name, address)
        self._own.check(key)
        if key not in self._known:
            self._all.take(name)
        self._own.failed(key)

    def succeeded(self, name: str, address: str) -> None:
        key = _key(name, address)
        self._own.succeeded(key)
        self._known.pop(key, None)
        self._known[key] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.popitem(last=False)


def _key(name: str, address: str) -> str:
    return f"{address}\n{name}"
