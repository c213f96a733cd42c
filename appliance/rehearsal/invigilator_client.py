"""An invigilator without a screen: logs in, follows the feed, looks, and asks for snippets."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
import msgspec

from appliance.core.errors import Unreachable
from appliance.core.feed import DATA_TYPE, FeedKind, FeedMessage, HallView, apply
from appliance.core.ids import AttemptId, ExamId
from appliance.core.observation import Incident, ObservationKind
from appliance.rehearsal.candidate_client import Answered
from appliance.rehearsal.live_viewer import LiveViewer
from appliance.rehearsal.starting import reason_to_start

_TIMEOUT = aiohttp.ClientTimeout(total=60)


def decode_feed_message(text: str) -> FeedMessage:
    """One JSON message of the feed as the type that its `kind` names."""
    raw = msgspec.json.decode(text)
    kind = FeedKind(raw["kind"])
    data = msgspec.convert(raw["data"], DATA_TYPE[kind])
    return FeedMessage(seq=raw["seq"], at=raw["at"], kind=kind, data=data)


class InvigilatorClient:
    """`first_seen` says when (Unix seconds) each kind was first reported at each attempt,
    `first_shown_by` the last snippet that this first report rests on."""

    def __init__(self, origin: str, tls: ssl.SSLContext) -> None:
        self._origin = origin
        self._token = ""
        self._http = aiohttp.ClientSession(
            timeout=_TIMEOUT, connector=aiohttp.TCPConnector(ssl=tls)
        )
        self._following: asyncio.Task[None] | None = None
        self._changed = asyncio.Condition()
        self.view = HallView()
        self.first_seen: dict[tuple[AttemptId, ObservationKind], float] = {}
        self.first_shown_by: dict[tuple[AttemptId, ObservationKind], int] = {}

    async def close(self) -> None:
        if self._following:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        await self._http.close()

    async def login(self, user: str, passphrase: str, one_time_code: str | None = None) -> None:
        body = {"user": user, "passphrase": passphrase}
        if one_time_code:
            body["one_time_code"] = one_time_code
        answer = await self.call("POST", "/login", json=body)
        self._token = answer["token"]

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """One request; returns decoded JSON, or bytes when the answer is not JSON."""
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        headers |= options.pop("headers", {})
        try:
            async with self._http.request(
                method, f"{self._origin}/api/v1{path}", headers=headers, **options
            ) as reply:
                if "json" not in reply.content_type:
                    return await reply.read()
                body = await reply.json(content_type=None)
                if reply.status >= 400:
                    raise Answered(reply.status, body.get("code", ""), body.get("detail", ""), None)
                return body
        except (aiohttp.ClientError, TimeoutError) as lost:
            raise Unreachable(f"The box did not answer: {lost}") from lost

    # --- the start

    async def reason_to_start(self, exam: ExamId, why: str) -> str:
        """See `starting.reason_to_start`."""
        return reason_to_start(await self.call("GET", f"/exams/{exam}/start-gate"), why)

    async def start(self, exam: ExamId, why: str) -> Any:
        """`why` it is started although the box warns of something, if it does."""
        body = {"to": "live", "override": await self.reason_to_start(exam, why)}
        return await self.call("POST", f"/exams/{exam}/state", json=body)

    # --- the feed

    def follow(self, exam: ExamId) -> None:
        """Keep `view` up to date from now on, also over lost links."""
        self._following = asyncio.create_task(self._follow(exam))

    async def until(self, condition: Callable[[HallView], bool], timeout_s: float) -> bool:
        """Wait until the hall looks so; False when it did not in time."""
        async with self._changed:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._changed.wait_for(lambda: condition(self.view))
            except TimeoutError:
                return False
            return True

    async def _follow(self, exam: ExamId) -> None:
        while True:
            with suppress(aiohttp.ClientError, TimeoutError):
                url = f"{self._origin}/api/v1/exams/{exam}/feed?after={self.view.seq}"
                headers = {"Authorization": f"Bearer {self._token}"}
                async with self._http.ws_connect(url, headers=headers, heartbeat=10) as feed:
                    async for message in feed:
                        if message.type is aiohttp.WSMsgType.TEXT:
                            await self._take(decode_feed_message(message.data))
            await asyncio.sleep(0.5)

    async def _take(self, message: FeedMessage) -> None:
        async with self._changed:
            self.view = apply(self.view, message)
            for incident in self.view.incidents.values():
                self._note(incident)
            self._changed.notify_all()

    def _note(self, incident: Incident) -> None:
        for kind in incident.kinds:
            self.first_seen.setdefault((incident.attempt_id, kind), time.time())
        for seen in incident.observations:
            if seen.evidence:
                shown = (incident.attempt_id, seen.kind)
                self.first_shown_by.setdefault(shown, seen.evidence[-1].sequence)

    # --- looking

    def live_viewer(self, exam: ExamId, attempt: AttemptId) -> LiveViewer:
        url = f"{self._origin}/api/v1/exams/{exam}/attempts/{attempt}/live"
        return LiveViewer(self._http, url, self._token)

    async def film_strip(self, exam: ExamId, attempt: AttemptId, sequence: int) -> list[Any]:
        path = f"/exams/{exam}/attempts/{attempt}/snippets/{sequence}/film-strip"
        strip = await self.call("GET", path, params={"count": 3})
        return list(strip["stills"])
