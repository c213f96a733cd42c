"""The table of routes. A route without a declared actor cannot be added, and every console
route says which Actions it needs; `tests/integration` reads this table.

A console handler gets `Asked`, already authorised when the route names one Action. A route with
several (the action stands in the body) must call `Asked.admit_*` itself; one that answers without
having done so is an error of the box, not an open door.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import web

from appliance.core.attempt import Attempt
from appliance.core.ids import AttemptId, ExamId, check_id
from appliance.core.roles import Action
from appliance.services.access import AttemptFor, ExamFor
from appliance.services.accounts import Caller
from appliance.web.application_keys import GATEWAY, LIMITS, Gateway
from appliance.web.candidate_auth import attempt_of
from appliance.web.person_auth import caller_of


class Open(Enum):
    """Routes that need no action of `core.roles`."""

    PUBLIC = "public"  # pages, challenge, join, login, health
    CANDIDATE = "candidate"  # the candidate's own attempt
    LOGGED_IN = "logged_in"  # any person, about themselves
    BOX_PROCESS = "box_process"  # the box's own processes, over the Unix socket


Declared = Open | tuple[Action, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    method: str
    path: str
    declared: Declared
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True, kw_only=True)
class Asked:
    """One console request: who asks, and what was authorised."""

    gateway: Gateway
    caller: Caller
    declared: tuple[Action, ...]
    exam_id: ExamId | None
    attempt_id: AttemptId | None
    admitted: bool = False
    _exam: ExamFor | None = field(default=None)
    _attempt: AttemptFor | None = field(default=None)

    @property
    def exam(self) -> ExamFor:
        assert self._exam is not None
        return self._exam

    @property
    def attempt(self) -> AttemptFor:
        assert self._attempt is not None
        return self._attempt

    async def admit(self, action: Action) -> None:
        """Authorise `action` for what the path names; raise NotAllowed."""
        assert action in self.declared
        person, access = self.caller.person, self.gateway.access
        if self.exam_id and self.attempt_id:
            self._attempt = await access.to_attempt(person, action, self.exam_id, self.attempt_id)
            self._exam = ExamFor(person=person, action=action, exam=self._attempt.exam)
        elif self.exam_id:
            self._exam = await access.to_exam(person, action, self.exam_id)
        else:
            access.to_box(person, action)
        self.admitted = True


ConsoleHandler = Callable[[web.Request, Asked], Awaitable[web.StreamResponse]]
CandidateHandler = Callable[[web.Request, Attempt], Awaitable[web.StreamResponse]]
PublicHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Routes:
    """Collects routes; `declared` is what the application and the tests read."""

    def __init__(self) -> None:
        self.declared: list[Route] = []

    def console(
        self, method: str, path: str, *actions: Action
    ) -> Callable[[ConsoleHandler], ConsoleHandler]:
        assert actions, f"{method} {path} declares no action"

        def add(handler: ConsoleHandler) -> ConsoleHandler:
            async def answer(request: web.Request) -> web.StreamResponse:
                asked = Asked(
                    gateway=request.app[GATEWAY],
                    caller=await caller_of(request),
                    declared=actions,
                    exam_id=_id(request, "exam", ExamId),
                    attempt_id=_id(request, "attempt", AttemptId),
                )
                if len(actions) == 1:
                    await asked.admit(actions[0])
                response = await handler(request, asked)
                if not asked.admitted:
                    raise RuntimeError(f"{method} {path} answered without authorising")
                return response

            self._add(method, path, actions, answer)
            return handler

        return add

    def candidate(
        self, method: str, path: str, *, earlier_page: bool = False
    ) -> Callable[[CandidateHandler], CandidateHandler]:
        """`earlier_page`: also for a page whose seat another computer has by now."""

        def add(handler: CandidateHandler) -> CandidateHandler:
            async def answer(request: web.Request) -> web.StreamResponse:
                attempt, is_page_now = await attempt_of(request, earlier_page=earlier_page)
                if method != "GET" and not earlier_page:  # footage has a share of its own
                    request.app[LIMITS].acts_by_attempt.take(attempt.attempt_id)
                if is_page_now:
                    request.app[GATEWAY].halls.contact(attempt.attempt_id)
                return await handler(request, attempt)

            self._add(method, path, Open.CANDIDATE, answer)
            return handler

        return add

    def open(self, method: str, path: str, why: Open) -> Callable[[PublicHandler], PublicHandler]:
        def add(handler: PublicHandler) -> PublicHandler:
            self._add(method, path, why, handler)
            return handler

        return add

    def _add(
        self,
        method: str,
        path: str,
        declared: Declared,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> None:
        self.declared.append(Route(method=method, path=path, declared=declared, handler=handler))

    def add_to(self, app: web.Application) -> None:
        for route in self.declared:
            app.router.add_route(route.method, route.path, route.handler)


def _id(request: web.Request, name: str, kind: Callable[[str], ExamId | AttemptId]):  # type: ignore[no-untyped-def]
    text = request.match_info.get(name)
    return kind(check_id(text)) if text is not None else None
