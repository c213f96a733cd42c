"""Speaks to a running box over its Unix socket, as a person with a login.

The gateway answers errors as problem+json; here they become the errors of `core.errors` again, so
that the command line says the same sentence and exits with the same code as if it had asked the
services itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from appliance.cli.options import Caller
from appliance.cli.passphrase import read_one_time_code, read_passphrase
from appliance.core.errors import (
    BadInput,
    BadMedia,
    Conflict,
    HallvaktError,
    IntegrityFailure,
    Locked,
    NoRoom,
    NotAllowed,
    NotFound,
    Refused,
    TooLarge,
    Unreachable,
    WrongConfiguration,
    WrongState,
)

SOCKET = Path("run") / "gateway.sock"

# Closing an exam waits up to 20 s for the last analyses; opening one starts the relay.
_TIMEOUT = aiohttp.ClientTimeout(total=120, sock_connect=5)
# A code says more than a status where one status stands for several errors.
_BY_CODE: Mapping[str, type[HallvaktError]] = {
    **dict.fromkeys(("wrong-state", "no-roster", "no-recipients", "start-gate"), WrongState),
    **dict.fromkeys(
        (
            "wrong-configuration", "not-toml", "unknown-key", "wrong-value",
            "settings-dependency", "model-missing", "policy",
        ),
        WrongConfiguration,
    ),
}  # fmt: skip
_BY_STATUS: Mapping[int, type[HallvaktError]] = {
    400: BadInput,
    401: NotAllowed,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: BadMedia,
    422: BadMedia,
    423: Locked,
    429: Refused,
    500: IntegrityFailure,
    503: Unreachable,
    507: NoRoom,
}


class BoxClient:
    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self._headers: dict[str, str] = {}

    async def login(self, user: str, passphrase: str, one_time_code: str | None) -> None:
        """Raise NotAllowed when the box does not know them together."""
        body = {"user": user, "passphrase": passphrase}
        if one_time_code:
            body["one_time_code"] = one_time_code
        answer = await self.call("POST", "/login", json=body)
        self._headers = {"Authorization": f"Bearer {answer['token']}"}

    @property
    def token(self) -> str:
        """Of this login; empty without one."""
        return self._headers.get("Authorization", "").removeprefix("Bearer ")

    async def change_passphrase(self, old: str, new: str) -> None:
        """The box ends every login of the person and gives this client a new one."""
        body = {"passphrase": old, "new_passphrase": new}
        answer = await self.call("POST", "/passphrase", json=body)
        self._headers = {"Authorization": f"Bearer {answer['token']}"}

    async def logout(self) -> None:
        await self.call("POST", "/logout")
        self._headers = {}

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        content_type: str = "application/json",
    ) -> Any:
        """Return the decoded answer, None when it is empty; raise the error the box names."""
        body = msgspec.json.encode(json) if json is not None else content
        headers = {**self._headers, **({"Content-Type": content_type} if body else {})}
        try:
            async with self._session.request(
                method, f"/api/v1{path}", data=body, headers=headers
            ) as response:
                raw = await response.read()
                if response.status >= 400:
                    raise _error(response.status, raw)
                return msgspec.json.decode(raw) if raw else None
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unreachable(
                "The box does not answer: is `hallvakt serve` running with this --state?",
                code="box-unreachable",
            ) from error

    async def snapshot(self, exam: str) -> dict[str, Any]:
        """The hall as consoles see it: the first message of the exam's feed."""
        try:
            async with self._session.ws_connect(
                f"/api/v1/exams/{exam}/feed", headers=self._headers
            ) as feed:
                while True:
                    message = await feed.receive_json(loads=msgspec.json.decode, timeout=10)
                    if message["kind"] == "snapshot":
                        data: dict[str, Any] = message["data"]
                        return data
        except aiohttp.WSServerHandshakeError as error:
            if error.status in _BY_STATUS:
                raise _BY_STATUS[error.status](
                    "The box does not show this exam to you now: it shows the hall while the exam "
                    "is open or live, to people assigned to it."
                ) from error
            raise Unreachable(f"The box answered {error.status}: look at its log.") from error
        except (TimeoutError, TypeError, aiohttp.ClientError, OSError) as error:
            raise Unreachable("The box's feed does not answer: look at its log.") from error


@asynccontextmanager
async def connected(state: Path) -> AsyncIterator[BoxClient]:
    """A client that is not logged in."""
    connector = aiohttp.UnixConnector(path=str(state / SOCKET))
    async with aiohttp.ClientSession(
        "http://box", connector=connector, timeout=_TIMEOUT
    ) as session:
        yield BoxClient(session)


@asynccontextmanager
async def logged_in(who: Caller) -> AsyncIterator[BoxClient]:
    """A client that speaks as `who`; the login ends with the block."""
    if not (who.state / SOCKET).exists():
        raise Unreachable(
            f"No box is running in {who.state}: start it with `hallvakt serve`, or name its "
            "directory with --state.",
            code="box-unreachable",
        )
    passphrase = read_passphrase(who.passphrase_fd, f"Passphrase of {who.user}")
    code = read_one_time_code(who.passphrase_fd)
    async with connected(who.state) as box:
        await box.login(who.user, passphrase, code)
        try:
            yield box
        finally:
            await box.logout()


def _error(status: int, raw: bytes) -> HallvaktError:
    try:
        problem = msgspec.json.decode(raw, type=dict[str, Any])
        detail, code = str(problem["detail"]), str(problem["code"])
    except (msgspec.DecodeError, KeyError):
        return Unreachable(f"The box answered {status} and no reason: look at its log.")
    if code == "unexpected":
        return Unreachable(detail, code=code)
    kind = _BY_CODE.get(code) or _BY_STATUS.get(status, Unreachable)
    return kind(detail, code=code)
