"""How often one address or one seat may try something: a bucket of tokens that refills."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from appliance.services.throttle import Throttled

_MOST_KEYS = 20_000


class TokenBuckets:
    """`burst` tries at once, then `per_second` of them. A whole class may share one address."""

    def __init__(self, *, burst: float, per_second: float, monotonic: Callable[[], float]) -> None:
        self._burst = burst
        self._rate = per_second
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> None:
        """Raise Throttled when `key` has no token left."""
        now = self._monotonic()
        tokens, since = self._buckets.pop(key, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            raise Throttled("Too many tries: wait a moment.", (1 - tokens) / self._rate)
        self._buckets[key] = (tokens - 1, now)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)

    async def turn(self, key: str) -> None:
        """Wait until `key` has a token, and take it."""
        while True:
            try:
                return self.take(key)
            except Throttled as error:
                await asyncio.sleep(error.retry_after_s)
