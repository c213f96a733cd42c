"""Live views: one console sees one candidate's camera now. Nothing of it passes through here
but the signalling; nothing of it is kept (DESIGN section 6).

The order is authorise, audit, credentials. While a view is open its right to be is asked again
every second; it ends within two when the exam closes, the person logs out or loses the right.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from appliance.core.attempt import FINISHED, CameraState
from appliance.core.errors import HallvaktError, NotAllowed, Unreachable, WrongState
from appliance.core.ids import AttemptId, ExamId, ViewId
from appliance.core.ports import IceServer, Randomness, Relay
from appliance.core.processing import Category, permitted
from appliance.services.access import Access, AttemptFor
from appliance.services.channels import (
    Channels,
    IceCandidateInit,
    LiveEnd,
    LiveIceCandidate,
    LiveOffer,
)
from appliance.services.hall import Halls

RECHECK_S = 1.0
VIEWS_PER_EXAM = 16  # what an exam's relay is planned for
VIEWS_PER_PERSON = 12  # a console shows at most nine tiles; the rest is changing over


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServers:
    view: ViewId
    ice_servers: tuple[IceServer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    sdp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IceCandidate:
    candidate: IceCandidateInit | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """`transient`: the way to the candidate broke, nobody decided it; asking again may help."""

    reason: str
    transient: bool = False


ViewMessage = IceServers | Answer | IceCandidate | Ended


class ConsoleEnd(Protocol):
    """The console's side of one view. Neither method waits."""

    host: str  # the name or address under which this console reached the box

    def send(self, message: ViewMessage) -> None: ...

    def close(self) -> None:
        """After what was sent has gone out."""


@dataclass(slots=True, kw_only=True, eq=False)
class LiveView:
    view_id: ViewId
    exam_id: ExamId
    attempt_id: AttemptId
    user_id: str
    console: ConsoleEnd
    ended: asyncio.Event


StillAllowed = Callable[[], Awaitable[None]]


class LiveViews:
    def __init__(
        self,
        *,
        access: Access,
        relay: Relay,
        channels: Channels,
        halls: Halls,
        randomness: Randomness,
    ) -> None:
        self._access = access
        self._relay = relay
        self._channels = channels
        self._halls = halls
        self._randomness = randomness
        self._open: dict[ViewId, LiveView] = {}

    def watchers(self, attempt: AttemptId) -> int:
        return sum(1 for view in self._open.values() if view.attempt_id == attempt)

    async def open(self, asked: AttemptFor, console: ConsoleEnd) -> LiveView:
        """Start a view; the console has its `ice_servers` when this returns.

        Raise NotAllowed when the settings or the person's number of views forbid it, WrongState
        when the candidate has no camera or no connection or others have all the views that there
        are, Unreachable when the relay is down.
        """
        self._check(asked)
        self._channels.of(asked.attempt.attempt_id)
        if not await self._relay.running(asked.exam.exam_id):
            raise Unreachable("The live view relay is not running: tell the technician.")
        view = LiveView(
            view_id=ViewId(self._randomness.new_id()),
            exam_id=asked.exam.exam_id,
            attempt_id=asked.attempt.attempt_id,
            user_id=asked.person.user_id,
            console=console,
            ended=asyncio.Event(),
        )
        await self._access.note(asked.person, "open", asked.attempt.attempt_id, asked.action.value)
        credential = self._relay.credential(view.exam_id, view.view_id, host=console.host)
        self._open[view.view_id] = view
        console.send(IceServers(view=view.view_id, ice_servers=(credential,)))
        self._tell_watchers(view.attempt_id)
        return view

    def offer(self, view: LiveView, sdp: str) -> None:
        channel = self._channels.of(view.attempt_id)
        credential = self._relay.credential(view.exam_id, view.view_id, host=channel.host)
        channel.send(LiveOffer(view=view.view_id, sdp=sdp, ice_servers=(credential,)))

    def console_candidate(self, view: LiveView, candidate: IceCandidateInit | None) -> None:
        self._channels.send(
            view.attempt_id, LiveIceCandidate(view=view.view_id, candidate=candidate)
        )

    def answer(self, attempt: AttemptId, view: ViewId, sdp: str) -> None:
        if found := self._of_candidate(attempt, view):
            found.console.send(Answer(sdp=sdp))

    def candidate_candidate(
        self, attempt: AttemptId, view: ViewId, candidate: IceCandidateInit | None
    ) -> None:
        if found := self._of_candidate(attempt, view):
            found.console.send(IceCandidate(candidate=candidate))

    async def watch_over(self, view: LiveView, still_allowed: StillAllowed) -> None:
        """Return when `view` has ended; end it when `still_allowed` raises, and at once when its
        relay dies: over UDP neither end would be told."""
        ended = asyncio.create_task(view.ended.wait())
        relay_gone = asyncio.create_task(self._relay.gone(view.exam_id))
        try:
            while not view.ended.is_set():
                await asyncio.wait(
                    {ended, relay_gone}, timeout=RECHECK_S, return_when=asyncio.FIRST_COMPLETED
                )
                if view.ended.is_set():
                    return
                if relay_gone.done():
                    self.end(view, "The relay of live views stopped.", transient=True)
                    return
                await self._check_again(view, still_allowed)
        finally:
            ended.cancel()
            relay_gone.cancel()

    async def _check_again(self, view: LiveView, still_allowed: StillAllowed) -> None:
        try:
            await still_allowed()
            self._channels.of(view.attempt_id)
        except HallvaktError as error:
            gone = error.code == "page-not-connected"
            self.end(view, error.message, transient=gone)

    def failed(self, attempt: AttemptId, view: ViewId) -> None:
        """The candidate's page says that nothing comes through the relay any more."""
        if found := self._of_candidate(attempt, view):
            self.end(found, "The candidate's link to the relay is lost.", transient=True)

    def end(self, view: LiveView, reason: str, *, transient: bool = False) -> None:
        """Tell both ends and forget the view. Idempotent."""
        if self._open.pop(view.view_id, None) is None:
            return
        view.ended.set()
        self._channels.send(view.attempt_id, LiveEnd(view=view.view_id))
        view.console.send(Ended(reason=reason, transient=transient))
        view.console.close()
        self._tell_watchers(view.attempt_id)

    def end_attempt(self, attempt: AttemptId, reason: str, *, transient: bool = False) -> None:
        for view in [v for v in self._open.values() if v.attempt_id == attempt]:
            self.end(view, reason, transient=transient)

    def end_person(self, user_id: str, reason: str) -> None:
        for view in [v for v in self._open.values() if v.user_id == user_id]:
            self.end(view, reason)

    def end_exam(self, exam: ExamId, reason: str) -> int:
        """Return how many views were open."""
        views = [v for v in self._open.values() if v.exam_id == exam]
        for view in views:
            self.end(view, reason)
        return len(views)

    def end_all(self, reason: str) -> None:
        for view in list(self._open.values()):
            self.end(view, reason)

    def _check(self, asked: AttemptFor) -> None:
        if Category.LIVE_PICTURE not in permitted(asked.exam.settings.features):
            raise NotAllowed("This exam has no live view.", code="live-view-off")
        if asked.attempt.camera is CameraState.REFUSED or asked.attempt.notice_version is None:
            raise NotAllowed("This candidate is watched without a camera.", code="no-notice")
        if asked.attempt.camera is CameraState.MISSING:
            raise WrongState("This candidate has no camera.", code="no-camera")
        if asked.attempt.state in FINISHED:
            raise WrongState("This attempt is over.")
        mine = sum(1 for v in self._open.values() if v.user_id == asked.person.user_id)
        if mine >= VIEWS_PER_PERSON:
            raise NotAllowed(
                f"You have {mine} live views open: close one first.", code="too-many-views"
            )
        most = VIEWS_PER_EXAM
        if sum(1 for v in self._open.values() if v.exam_id == asked.exam.exam_id) >= most:
            raise WrongState(
                f"All {most} live views of this exam are open on consoles: ask a colleague to "
                "close one.",
                code="all-views-open",
            )

    def _of_candidate(self, attempt: AttemptId, view: ViewId) -> LiveView | None:
        """A page may speak for its own views only."""
        found = self._open.get(view)
        return found if found and found.attempt_id == attempt else None

    def _tell_watchers(self, attempt: AttemptId) -> None:
        self._halls.update(attempt, watchers=self.watchers(attempt))
        self._channels.refresh(attempt)
