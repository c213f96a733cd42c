"""Access tokens of a Google service account, made on the box.

A self-signed JSON Web Token (google.aip.dev/auth/4111) is accepted by Cloud Storage as it is, so
no second Google endpoint has to be reached through a school's firewall.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from google.auth import exceptions
from google.auth.jwt import Credentials

from appliance.core.errors import WrongConfiguration

_AUDIENCE = "https://storage.googleapis.com/"


class GoogleToken:
    """Signs a new token when the old one is about to end (they last an hour)."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    @classmethod
    def from_file(cls, path: Path) -> GoogleToken:
        """Raise WrongConfiguration when the file is not a service account's key."""
        try:
            load = Credentials.from_service_account_file
            return cls(load(str(path), audience=_AUDIENCE))  # type: ignore[no-untyped-call]
        except (OSError, ValueError, exceptions.GoogleAuthError):
            raise WrongConfiguration(
                f"{path} is not the key file of a Google service account: name the JSON file "
                "that the cloud console made, in cloud.credentials_file."
            ) from None

    async def header(self) -> dict[str, str]:
        if not self._credentials.valid:
            await asyncio.to_thread(self._credentials.refresh, None)
        token = self._credentials.token
        text = token.decode() if isinstance(token, bytes) else token
        return {"Authorization": f"Bearer {text}"}
