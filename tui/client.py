"""Requests to the box, as ARCHITECTURE.md lists them: one method per route, errors as sentences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp

from appliance.core.checkup import Check
from appliance.core.errors import NotFound, Unreachable
from appliance.core.exam import ExamState
from appliance.core.feed import BoxStatus, ExamStatus, SeatStatus
from appliance.core.ids import AttemptId, ExamId, IncidentId
from appliance.core.observation import Decision, Incident, ReasonCategory
from tui.client_acts import ClientActs
from tui.language import tr
from tui.problems import LoginEnded, error_of
from tui.replies import (
    AttemptDetail,
    Checkup,
    LoginReply,
    Still,
    decode,
    decode_exams,
    decode_film_strip,
)
from tui.target import Target

_HEALTH = "/health"
_CONNECT_WITHIN_S = 5.0
_ANSWER_WITHIN_S = 15.0
_CHECKUP_WITHIN_S = 40.0
_CLOSE_WITHIN_S = 60.0  # closing waits for running analyses (up to 20 s) and seals records
_HEARTBEAT_S = 6.0  # a dead link shows after at most one and a half of these
_LARGEST_MESSAGE = 8 * 1024 * 1024  # a snapshot of 500 seats is about half a megabyte


class BoxClient(ClientActs):
    """One person's connection to one box. The token lives here and nowhere else.

    Every method raises the core's errors: `LoginEnded` when a new login is needed, `Unreachable`
    when the box cannot be reached, else what the box says. Use as an async context manager.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self.relay_way = ""  # the address at which the relay answered last
        self._http: aiohttp.ClientSession | None = None
        self._login: LoginReply | None = None

    async def __aenter__(self) -> BoxClient:
        self._session()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        http, self._http, self._login = self._http, None, None
        if http is not None:
            await http.close()

    @property
    def login_reply(self) -> LoginReply | None:
        """Who is logged in, or None."""
        return self._login

    async def answers(self) -> None:
        """Return when the box is there, which needs no login; raises Unreachable."""
        await self._ask("GET", _HEALTH, within_s=_CONNECT_WITHIN_S)

    # people

    async def login(self, user: str, passphrase: str, one_time_code: str = "") -> LoginReply:
        body = {"user": user, "passphrase": passphrase}
        if one_time_code:
            body["one_time_code"] = one_time_code
        self._login = decode(await self._ask("POST", "/login", json_body=body), LoginReply)
        return self._login

    async def logout(self) -> None:
        """End the token here at once, and at the box if it can be reached."""
        login, self._login = self._login, None
        if login is None:
            return
        try:
            await self._ask("POST", "/logout", token=login.token, within_s=3.0)
        except (LoginEnded, Unreachable):
            return  # nothing more to end

    # exams

    async def exams(self) -> tuple[ExamStatus, ...]:
        return decode_exams(await self._ask("GET", "/exams"))

    async def exam(self, exam: ExamId) -> ExamStatus:
        return decode(await self._ask("GET", f"/exams/{exam}"), ExamStatus)

    async def change_state(self, exam: ExamId, to: ExamState, override: str = "") -> dict[str, Any]:
        """Ask for another state. Closing answers the close report, the others the exam. `override`:
        why the exam is started although the start gate fails."""
        body = await self._ask(
            "POST",
            f"/exams/{exam}/state",
            json_body={"to": to.value, **({"override": override} if override else {})},
            within_s=_CLOSE_WITHIN_S if to is ExamState.CLOSED else _ANSWER_WITHIN_S,
        )
        return decode(body, dict[str, Any])

    async def box(self) -> BoxStatus:
        return decode(await self._ask("GET", "/box"), BoxStatus)

    async def checkup(self) -> tuple[Check, ...]:
        """What the doctor finds; takes some seconds. For a technician."""
        body = await self._ask("GET", "/box/checkup", within_s=_CHECKUP_WITHIN_S)
        return decode(body, Checkup).checks

    # one attempt

    async def attempt(self, exam: ExamId, attempt: AttemptId) -> AttemptDetail:
        return decode(await self._ask("GET", f"/exams/{exam}/attempts/{attempt}"), AttemptDetail)

    async def thumbnail(self, exam: ExamId, attempt: AttemptId) -> bytes | None:
        """The newest still as JPEG, or None when there is none yet. The look is recorded."""
        return await self._picture(f"/exams/{exam}/attempts/{attempt}/thumbnail")

    async def portrait(self, exam: ExamId, attempt: AttemptId) -> bytes | None:
        """The check-in photo as JPEG, or None. The look is recorded."""
        return await self._picture(f"/exams/{exam}/attempts/{attempt}/portrait")

    async def film_strip(
        self, exam: ExamId, attempt: AttemptId, sequence: int, count: int
    ) -> tuple[Still, ...]:
        path = f"/exams/{exam}/attempts/{attempt}/snippets/{sequence}/film-strip?count={count}"
        return decode_film_strip(await self._ask("GET", path))

    async def act(
        self, exam: ExamId, attempt: AttemptId, act: str, **arguments: str | int
    ) -> SeatStatus:
        """One of the acts of ARCHITECTURE.md, e.g. `break_start` or `message` with `text`."""
        body = await self._ask(
            "POST", f"/exams/{exam}/attempts/{attempt}/acts", json_body={"act": act, **arguments}
        )
        return decode(body, SeatStatus)

    async def decide(
        self,
        exam: ExamId,
        incident: IncidentId,
        decision: Decision | None,
        category: ReasonCategory | None,
        note: str,
    ) -> Incident:
        """Confirm or dismiss; `decision` None takes the decision back."""
        body = {"decision": decision, "category": category, "note": note}
        path = f"/exams/{exam}/incidents/{incident}/decision"
        return decode(await self._ask("POST", path, json_body=body), Incident)

    # WebSockets

    def feed(
        self, exam: ExamId, after: int | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        """What came after a number of the feed; None begins with a snapshot."""
        query = "" if after is None else f"?after={after}"
        return self._websocket(f"/exams/{exam}/feed{query}")

    def live(
        self, exam: ExamId, attempt: AttemptId
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        return self._websocket(f"/exams/{exam}/attempts/{attempt}/live")

    # below: how

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(
                connector=self.target.connector(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_WITHIN_S),
                raise_for_status=_refuse,
            )
        return self._http

    def _url(self, path: str) -> str:
        return f"{self.target.base}{path if path == _HEALTH else f'/api/v1{path}'}"

    def _headers(self, token: str | None) -> Mapping[str, str]:
        token = token or (self._login.token if self._login else None)
        return {"Authorization": f"Bearer {token}"} if token else {}

    def _websocket(self, path: str) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        return self._session().ws_connect(
            self._url(path),
            headers=self._headers(None),
            heartbeat=_HEARTBEAT_S,
            max_msg_size=_LARGEST_MESSAGE,
        )

    async def _picture(self, path: str) -> bytes | None:
        try:
            return await self._ask("GET", path)
        except NotFound:
            return None

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json_body: Mapping[str, Any] | None = None,
        token: str | None = None,
        within_s: float = _ANSWER_WITHIN_S,
    ) -> bytes:
        try:
            async with self._session().request(
                method,
                self._url(path),
                data=None if json_body is None else json.dumps(json_body),
                headers={"Content-Type": "application/json", **self._headers(token)}
                if json_body is not None
                else self._headers(token),
                timeout=aiohttp.ClientTimeout(total=within_s, sock_connect=_CONNECT_WITHIN_S),
                allow_redirects=False,
            ) as answer:
                return await answer.read()
        except aiohttp.ClientConnectorCertificateError as error:
            raise Unreachable(
                tr("This is not the box whose certificate you gave; check the address and --ca.")
            ) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unreachable(
                tr("The box does not answer; check that it is on and on this network.")
            ) from error


async def _refuse(answer: aiohttp.ClientResponse) -> None:
    """Also for a WebSocket that is refused before it is one: aiohttp's own error has no body, and
    the box's reason stands there."""
    if answer.status >= 300:
        raise error_of(answer.status, await answer.read())
