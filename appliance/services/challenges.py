"""Nonces for joining: single use, two minutes. The box remembers the used ones only, so that nobody
who asks for many can push out what others were given."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections import OrderedDict

from appliance.core.errors import Refused
from appliance.core.ports import Clock, Randomness

LIFE_S = 120.0
_MOST_USED = 200_000  # more than one gateway answers in LIFE_S
_TIME, _RANDOM, _MAC = 8, 16, 16
_LONGEST = 64


class Challenges:
    """A nonce is when it was made, randomness, and a keyed hash of both; the key is this
    gateway's."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._key = randomness.secret(32)
        self._used: OrderedDict[bytes, float] = OrderedDict()

    def new(self) -> str:
        """base64url."""
        made = round(self._clock.monotonic() * 1000).to_bytes(_TIME, "big")
        said = made + self._randomness.secret(_RANDOM)
        return urlsafe_b64encode(said + self._mac(said)).rstrip(b"=").decode()

    def use(self, nonce: str) -> None:
        """Raise Refused when it was not given here, was used before or is too old."""
        now = self._clock.monotonic()
        raw = _decoded(nonce)
        said, mac = raw[: _TIME + _RANDOM], raw[_TIME + _RANDOM :]
        made = int.from_bytes(said[:_TIME], "big") / 1000
        good = hmac.compare_digest(mac, self._mac(said)) and now - made <= LIFE_S
        if not good or said in self._used:
            raise Refused(
                "This try to join is too old or was made before: try again.", code="bad-nonce"
            )
        self._used[said] = now
        while self._used and (
            len(self._used) > _MOST_USED or now - next(iter(self._used.values())) > LIFE_S
        ):
            self._used.popitem(last=False)

    def _mac(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_MAC]


def _decoded(nonce: str) -> bytes:
    """Empty for what is no nonce at all."""
    if len(nonce) > _LONGEST or not nonce.isascii():
        return b""
    try:
        return urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4))
    except (NotBase64, ValueError):
        return b""
