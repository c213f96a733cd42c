"""Asks the gateway, which alone holds the box's signing key, for a signature."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import aiohttp

from appliance.adapters.crypto.signing import key_id, verify
from appliance.core.errors import IntegrityFailure, Refused, Unreachable
from appliance.services.signing import Signed

DOOR = Path("run") / "night.sock"
_TIMEOUT = aiohttp.ClientTimeout(total=60)


class GatewaySigner:
    """`POST /box/v1/sign` at the door that the gateway opens for the night."""

    def __init__(self, state: Path) -> None:
        self._state = state

    async def sign(self, purpose: str, payload: bytes) -> Signed:
        """Raise Unreachable when the gateway does not run, Refused when it will not sign."""
        reply = await self._ask(purpose, payload)
        try:
            signature = base64.b64decode(reply["signature"])
            public_key = base64.b64decode(reply["public_key"])
        except (KeyError, TypeError, ValueError):
            raise Unreachable("The gateway's answer is not a signature: start it again.") from None
        if reply.get("key_id") != key_id(public_key):
            raise IntegrityFailure("The gateway signs with another key than the box's own.")
        verify(public_key, purpose, payload, signature)
        return Signed(signature=signature, public_key=public_key)

    async def _ask(self, purpose: str, payload: bytes) -> dict[str, Any]:
        connector = aiohttp.UnixConnector(path=str(self._state / DOOR))
        body = {"purpose": purpose, "payload": base64.b64encode(payload).decode()}
        try:
            async with (
                aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT) as http,
                http.post("http://gateway/box/v1/sign", json=body) as response,
            ):
                if response.status != 200:
                    raise Refused(f"The gateway does not sign the {purpose}: see its log.")
                answer: dict[str, Any] = await response.json()
                return answer
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            raise Unreachable(
                "The box is not running, and only it can sign what is sent: start it with "
                "`hallvakt serve`."
            ) from None
