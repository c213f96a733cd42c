"""Nonces for joining: single use, two minutes, in memory."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections import OrderedDict

from appliance.core.errors import Refused
from appliance.core.ports import Clock, Randomness

LIFE_S = 120.0
_MOST = 20_000


class Challenges:
    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._given: OrderedDict[str, float] = OrderedDict()

    def new(self) -> str:
        """256 bits as base64url."""
        nonce = urlsafe_b64encode(self._randomness.secret(32)).rstrip(b"=").decode()
        self._given[nonce] = self._clock.monotonic()
        while len(self._given) > _MOST:
            self._given.popitem(last=False)
        return nonce

    def use(self, nonce: str) -> None:
        """Raise Refused when it was not given here, was used before or is too old."""
        given = self._given.pop(nonce, None)
        if given is None or self._clock.monotonic() - given > LIFE_S:
            raise Refused(
                "This try to join is too old or was made before: try again.", code="bad-nonce"
            )
