"""A box that says what a test tells it to, over the real routes of ARCHITECTURE.md.

It is a stand-in for speed only: what the gateway really does is tested against the gateway.
"""

from __future__ import annotations

import base64
import dataclasses
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSCloseCode, web

from appliance.core.checkup import Check
from appliance.core.exam import ExamState
from appliance.core.feed import (
    DATA_TYPE,
    ExamStatus,
    FeedData,
    FeedKind,
    FeedMessage,
    HallSnapshot,
    HallView,
    SeatStatus,
    apply,
)
from appliance.core.handover import SeenBy
from appliance.core.ids import AttemptId, ExamId, IncidentId, UserId
from appliance.core.observation import Incident
from appliance.core.start_gate import GateReport, report
from tests.tui.scripted_hall import hall_routes

USER = "0" * 32
TOKEN = "token-of-the-test"
_BODY = web.RequestKey("body", dict[str, Any])
_OPEN_TO_ALL = frozenset({"/health", "/login"})
_KIND = {data: kind for kind, data in DATA_TYPE.items()}


class ScriptedBox:
    """`asked` records every request; `refusals` maps a path's end to (status, sentence)."""

    def __init__(
        self, snapshot: HallSnapshot, *, now_ms: int, role: str = "lead_invigilator"
    ) -> None:
        self.now_ms = now_ms
        self.role = role
        self.view = HallView()
        self.history: list[FeedMessage] = []
        self.exams: dict[ExamId, ExamStatus] = {snapshot.exam.exam_id: snapshot.exam}
        self.asked: list[tuple[str, str, Any]] = []
        self.resumed_after: list[int] = []
        self.forgets = False  # so much happened that a resuming console gets a snapshot
        self.refusals: dict[str, tuple[int, str]] = {}
        self.passphrase = "right horse"
        self.thumbnail: bytes | None = None
        self.portrait: bytes | None = None
        self.stills: list[tuple[float, bytes]] = []
        self.snippets: dict[AttemptId, list[dict[str, Any]]] = defaultdict(list)
        self.gate: list[dict[str, str]] = [
            {"name": "roster", "status": "ok", "detail": "30 candidates", "advice": ""}
        ]
        self.open_seats: list[dict[str, Any]] = []
        self.late_until_ms: int | None = None
        self.hall_codes: dict[str, Any] = {"needed": False, "codes": []}
        self.not_done: list[dict[str, str]] = []
        self.close_report: dict[str, Any] = {"live_key_destroyed": True, "views_ended": 0}
        self.live_handler: Any = None
        self._feeds: set[web.WebSocketResponse] = set()
        self._runner: web.AppRunner | None = None
        self._snapshot_box = snapshot.box
        self._put(snapshot)

    # what a test does

    async def start(self, socket: Path) -> None:
        self._runner = web.AppRunner(self._application())
        await self._runner.setup()
        await web.UnixSite(self._runner, str(socket)).start()

    async def stop(self) -> None:
        await self.cut_feeds()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def tell(self, *news: FeedData) -> None:
        """Put news into the feed of every console."""
        for data in news:
            message = self._put(data)
            for feed in tuple(self._feeds):
                await feed.send_str(_encoded(message))

    async def cut_feeds(self) -> None:
        for feed in tuple(self._feeds):
            await feed.close(code=WSCloseCode.GOING_AWAY)

    def acts(self) -> list[Any]:
        return [body for method, path, body in self.asked if path.endswith("/acts")]

    # the contract

    def _put(self, data: FeedData) -> FeedMessage:
        message = FeedMessage(
            seq=len(self.history) + 1, at=self.now_ms, kind=_KIND[type(data)], data=data
        )
        self.history.append(message)
        self.view = apply(self.view, message)
        if isinstance(data, ExamStatus):
            self.exams[data.exam_id] = data
        return message

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._record])
        app.add_routes(
            [
                web.get("/health", self._health),
                web.post("/api/v1/login", self._login),
                web.post("/api/v1/logout", self._logout),
                web.get("/api/v1/exams", self._exams),
                web.get("/api/v1/exams/{exam}", self._exam),
                web.post("/api/v1/exams/{exam}/state", self._state),
                web.get("/api/v1/exams/{exam}/feed", self._feed),
                web.get("/api/v1/exams/{exam}/attempts/{attempt}", self._attempt),
                web.get("/api/v1/exams/{exam}/attempts/{attempt}/thumbnail", self._thumbnail),
                web.get("/api/v1/exams/{exam}/attempts/{attempt}/portrait", self._portrait),
                web.get("/api/v1/exams/{exam}/attempts/{attempt}/live", self._live),
                web.get(
                    "/api/v1/exams/{exam}/attempts/{attempt}/snippets/{sequence}/film-strip",
                    self._film_strip,
                ),
                web.post("/api/v1/exams/{exam}/incidents/{incident}/decision", self._decide),
                web.post("/api/v1/exams/{exam}/incidents/{incident}/seen", self._seen),
                web.post("/api/v1/exams/{exam}/attempts/{attempt}/acts", self._act),
                *hall_routes(self),
            ]
        )
        return app

    @web.middleware
    async def _record(self, request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else None
        path = request.path.removeprefix("/api/v1")
        self.asked.append((request.method, path, body))
        request[_BODY] = body or {}
        for end, (status, sentence) in self.refusals.items():
            if path.endswith(end):
                return _problem(status, sentence)
        if path not in _OPEN_TO_ALL and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _problem(401, "Log in first.")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _health(self, _: web.Request) -> web.Response:
        return _json({"status": "ok"})

    async def _login(self, request: web.Request) -> web.Response:
        if request[_BODY]["passphrase"] != self.passphrase:
            return _problem(401, "User, passphrase or code is wrong.")
        return _json(
            {
                "token": TOKEN,
                "user_id": USER,
                "role": self.role,
                "expires_ms": self.now_ms + 3_600_000,
            }
        )

    async def _logout(self, _: web.Request) -> web.Response:
        return web.Response(status=204)

    @property
    def gate_report(self) -> GateReport:
        return report([msgspec.convert(check, Check) for check in self.gate])

    async def _exams(self, _: web.Request) -> web.Response:
        return _json({"exams": list(self.exams.values())})

    async def _exam(self, request: web.Request) -> web.Response:
        return _json(self.exams[ExamId(request.match_info["exam"])])

    async def _state(self, request: web.Request) -> web.Response:
        exam = self.exams[ExamId(request.match_info["exam"])]
        body = request[_BODY]
        if (
            body["to"] == ExamState.LIVE
            and not body.get("override")
            and not self.gate_report.passed
        ):
            return _problem(409, "Not everything is ready.", code="start-gate")
        changed = dataclasses.replace(exam, state=ExamState(body["to"]))
        if changed.state is ExamState.LIVE:
            changed = dataclasses.replace(changed, started_ms=self.now_ms)
        await self.tell(changed)
        return _json(self.close_report if changed.state is ExamState.CLOSED else changed)

    async def _feed(self, request: web.Request) -> web.WebSocketResponse:
        after = int(request.query.get("after", "0"))
        if after:
            self.resumed_after.append(after)
        feed = web.WebSocketResponse()
        await feed.prepare(request)
        missed = [message for message in self.history if message.seq > after]
        if after == 0 or self.forgets:
            missed = [
                dataclasses.replace(self.history[-1], kind=FeedKind.SNAPSHOT, data=self._now())
            ]
        for message in missed:
            await feed.send_str(_encoded(message))
        self._feeds.add(feed)
        try:
            async for _ in feed:
                pass
        finally:
            self._feeds.discard(feed)
        return feed

    def _now(self) -> HallSnapshot:
        assert self.view.exam is not None
        return HallSnapshot(
            exam=self.view.exam,
            seats=tuple(self.view.seats.values()),
            incidents=tuple(self.view.incidents.values()),
            hall_events=self.view.hall_events,
            box=self.view.box or self._snapshot_box,
            shift_notes=self.view.shift_notes,
            duty=self.view.duty,
            seen=tuple(self.view.seen.values()),
        )

    async def _attempt(self, request: web.Request) -> web.Response:
        attempt = AttemptId(request.match_info["attempt"])
        incidents = [i for i in self.view.incidents.values() if i.attempt_id == attempt]
        return _json(
            {
                "seat": self.view.seats[attempt],
                "incidents": incidents,
                "snippets": self.snippets[attempt],
            }
        )

    async def _thumbnail(self, _: web.Request) -> web.Response:
        return _picture(self.thumbnail)

    async def _portrait(self, _: web.Request) -> web.Response:
        return _picture(self.portrait)

    async def _film_strip(self, _: web.Request) -> web.Response:
        stills = [{"at_s": at, "jpeg": base64.b64encode(j).decode()} for at, j in self.stills]
        return _json({"stills": stills})

    async def _decide(self, request: web.Request) -> web.Response:
        incident = next(
            i
            for i in self.view.incidents.values()
            if i.incident_id == request.match_info["incident"]
        )
        body = request[_BODY]
        word = {"decided_by": USER if body["decision"] else None, "decided_ms": self.now_ms}
        decided = msgspec.convert({**msgspec.to_builtins(incident), **body, **word}, Incident)
        await self.tell(decided)
        seat = self.view.seats[incident.attempt_id]
        waiting = [
            i
            for i in self.view.incidents.values()
            if i.attempt_id == seat.attempt_id and i.decision is None
        ]
        await self.tell(dataclasses.replace(seat, open_incidents=len(waiting)))
        return _json(decided)

    async def _seen(self, request: web.Request) -> web.Response:
        incident = IncidentId(request.match_info["incident"])
        before = self.view.seen.get(incident)
        users = (*(before.users if before else ()), UserId("0" * 32))
        attempt = self.view.incidents[incident].attempt_id
        seen = SeenBy(incident_id=incident, attempt_id=attempt, users=users)
        await self.tell(seen)
        return _json(seen)

    async def _act(self, request: web.Request) -> web.Response:
        seat = self.view.seats[AttemptId(request.match_info["attempt"])]
        changed = _after_act(seat, request[_BODY], self.now_ms)
        await self.tell(changed)
        return _json(changed)

    async def _live(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.live_handler is None:
            await socket.send_json({"kind": "ended", "reason": "Nobody sends here."})
        else:
            await self.live_handler(socket)
        await socket.close()
        return socket


def _after_act(seat: SeatStatus, body: dict[str, Any], now_ms: int) -> SeatStatus:
    changes: dict[str, dict[str, Any]] = {
        "break_start": {"state": "on_break", "break_started_ms": now_ms},
        "break_end": {"state": "recording", "break_started_ms": None},
        "hand_down": {"hand_raised": False},
        "identity_checked": {"identity_checked_by_hand": True},
        "extra_time": {"extra_minutes": seat.extra_minutes + body.get("minutes", 0)},
        "release_seat": {"takeover_asked": False},
        "end": {"state": "ended"},
        "admit_late": {"late_asked": False, "admitted_late_ms": now_ms},
        "seat_watched": {"camera": "watched"},
        "camera_again": {"camera": "working"},
        "takeover_approve": {"takeover_asked": False},
        "message": {},
    }
    return msgspec.convert({**msgspec.to_builtins(seat), **changes[body["act"]]}, SeatStatus)


def _encoded(message: FeedMessage) -> str:
    return msgspec.json.encode(message).decode()


def _json(value: Any) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


def _picture(jpeg: bytes | None) -> web.Response:
    if jpeg is None:
        return _problem(404, "There is no picture yet.")
    return web.Response(body=jpeg, content_type="image/jpeg")


def _problem(status: int, sentence: str, **more: str) -> web.Response:
    return web.json_response(
        {"type": "about:blank", "title": "Refused", "status": status, "detail": sentence, **more},
        status=status,
        content_type="application/problem+json",
    )
