"""Ephemeral TURN credentials as coturn's `use-auth-secret` checks them.

User name `UNIX-SECONDS:ID`, password base64(HMAC-SHA1(secret, user name)); the format of
draft-uberti-behave-turn-rest-00. SHA-1 is what coturn 4.6 computes. The time limits opening an
allocation only: a running view outlives it, so the relay is stopped at close.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from appliance.core.ids import ViewId
from appliance.core.ports import IceServer

LONGEST_LIFE_S = 120


def ephemeral(
    secret: str, view: ViewId, *, urls: tuple[str, ...], now_ms: int, life_s: int = LONGEST_LIFE_S
) -> IceServer:
    """A credential for one leg of one view, good for at most two minutes.

    The view id stands in coturn's log, so it is random and never a person's.
    """
    expires_s = now_ms // 1000 + min(life_s, LONGEST_LIFE_S)
    username = f"{expires_s}:{view}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return IceServer(
        urls=urls,
        username=username,
        credential=base64.b64encode(digest).decode(),
        expires_ms=expires_s * 1000,
    )
