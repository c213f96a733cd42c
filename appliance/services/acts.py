"""What invigilators do to one attempt: each act is authorised, audited first, stored, told."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from appliance.core.attempt import FINISHED, Attempt, AttemptState, CameraState
from appliance.core.attendance import ActNote, AttendanceStore
from appliance.core.errors import BadInput, WrongState
from appliance.core.feed import SeatStatus
from appliance.core.ports import Clock
from appliance.services.access import Access, AttemptFor
from appliance.services.attempt_life import AttemptLife
from appliance.services.channels import Channels, HallMessage, TakenOver
from appliance.services.hall import Halls
from appliance.services.live_view import LiveViews
from appliance.services.messages import Messages
from appliance.services.portraits import Portraits
from appliance.services.takeovers import TakeoverCode, Takeovers

MAX_TEXT = 500
MAX_EXTRA_MINUTES = 600
NEEDS_REASON = {
    "extra_time": "Extra time",
    "admit_late": "Letting somebody in late",
    "seat_watched": "Watching a seat without its camera",
    "end": "Ending an attempt",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRequest:
    """`act` is one of `ACTS`; the other fields are those the act takes."""

    act: str
    text: str = ""
    minutes: int = 0
    reason: str = ""


class Acts:
    def __init__(
        self,
        *,
        access: Access,
        attempts: AttemptLife,
        attendance: AttendanceStore,
        channels: Channels,
        live_views: LiveViews,
        halls: Halls,
        takeovers: Takeovers,
        messages: Messages,
        portraits: Portraits,
        clock: Clock,
    ) -> None:
        self._access = access
        self._attempts = attempts
        self._attendance = attendance
        self._channels = channels
        self._live_views = live_views
        self._halls = halls
        self._takeovers = takeovers
        self._messages = messages
        self._portraits = portraits
        self._clock = clock
        self._acts: dict[str, Callable[[AttemptFor, ActRequest], Awaitable[None]]] = {
            "break_start": self._break_start,
            "break_end": self._break_end,
            "message": self._message,
            "extra_time": self._extra_time,
            "identity_checked": self._identity_checked,
            "release_seat": self._release_seat,
            "takeover_approve": self._takeover_approve,
            "admit_late": self._admit_late,
            "seat_watched": self._seat_watched,
            "camera_again": self._camera_again,
            "hand_down": self._hand_down,
            "end": self._end,
        }

    async def do(
        self, asked: AttemptFor, request: ActRequest, *, one_of_several: bool = False
    ) -> SeatStatus:
        """Raise BadInput for an unknown act or a field it needs, WrongState when not now. What
        changes nothing at the seat is announced to the other consoles, but for one of several."""
        self.check(request)
        act = self._acts[request.act]
        await self._access.note(
            asked.person, request.act, asked.attempt.attempt_id, asked.action.value
        )
        await act(asked, request)
        if request.act in NEEDS_REASON:
            await self._attendance.note_act(
                asked.attempt.attempt_id,
                ActNote(
                    at_ms=self._clock.now_ms(),
                    actor=asked.person.user_id,
                    act=request.act,
                    reason=request.reason.strip(),
                    minutes=request.minutes,
                ),
            )
        exam_id, attempt_id = asked.exam.exam_id, asked.attempt.attempt_id
        if request.act == "message" and not one_of_several:
            said = f"To the candidate: {request.text.strip()}"
            self._halls.announce(exam_id, said, attempt=attempt_id)
        return self._halls.feed(exam_id).seat(attempt_id)

    def check(self, request: ActRequest) -> None:
        """Raise BadInput for what is wrong at every seat, before anything is done at one."""
        if request.act not in self._acts:
            raise BadInput(
                f"There is no act {request.act!r}: possible are {', '.join(sorted(self._acts))}."
            )
        if request.act in NEEDS_REASON:
            _check_reason(request, NEEDS_REASON[request.act])
        if request.act == "message" and not 1 <= len(request.text.strip()) <= MAX_TEXT:
            raise BadInput(f"A message has between 1 and {MAX_TEXT} characters.")

    async def _break_start(self, asked: AttemptFor, _request: ActRequest) -> None:
        now = self._clock.now_ms()

        def out(attempt: Attempt) -> Attempt:
            if attempt.state is AttemptState.ON_BREAK:
                raise WrongState("The candidate is on a break already.")
            return replace(attempt, state=AttemptState.ON_BREAK, break_started_ms=now)

        await self._attempts.change(asked.attempt.attempt_id, out)

    async def _break_end(self, asked: AttemptFor, _request: ActRequest) -> None:
        def back(attempt: Attempt) -> Attempt:
            if attempt.state is not AttemptState.ON_BREAK:
                raise WrongState("The candidate is not on a break.")
            return replace(attempt, state=AttemptState.RECORDING, break_started_ms=None)

        await self._attempts.change(asked.attempt.attempt_id, back)

    async def _message(self, asked: AttemptFor, request: ActRequest) -> None:
        """Kept for a page that is away just now: its status has the last five."""
        attempt_id = asked.attempt.attempt_id
        said = HallMessage(text=request.text.strip(), at=self._clock.now_ms())
        self._messages.say(attempt_id, said)
        self._channels.send(attempt_id, said)
        self._channels.refresh(attempt_id)

    async def _extra_time(self, asked: AttemptFor, request: ActRequest) -> None:
        """`minutes` are added to what the attempt has; a negative number takes back."""

        def longer(attempt: Attempt) -> Attempt:
            minutes = attempt.extra_minutes + request.minutes
            if not 0 <= minutes <= MAX_EXTRA_MINUTES:
                raise BadInput(f"Extra time is between 0 and {MAX_EXTRA_MINUTES} minutes in all.")
            return replace(attempt, extra_minutes=minutes)

        await self._attempts.change(asked.attempt.attempt_id, longer)

    async def _identity_checked(self, asked: AttemptFor, _request: ActRequest) -> None:
        await self._attempts.change(
            asked.attempt.attempt_id, lambda a: replace(a, identity_checked_by_hand=True)
        )
        await self._portraits.end(asked.attempt.attempt_id)

    async def _release_seat(self, asked: AttemptFor, _request: ActRequest) -> None:
        """Let another page (a new computer) join this seat; the old one's token ends."""
        attempt_id = asked.attempt.attempt_id

        def released(attempt: Attempt) -> Attempt:
            if attempt.state in FINISHED:
                raise WrongState("The attempt is over: its seat cannot be taken again.")
            return replace(attempt, public_key=None, token_hash=None)

        if asked.attempt.token_hash is not None:
            await self._attendance.keep_page(
                asked.attempt.token_hash, attempt_id, self._clock.now_ms()
            )
        await self._attempts.change(attempt_id, released)
        self._takeovers.forget(attempt_id)
        self._channels.send(attempt_id, TakenOver(at=self._clock.now_ms()))
        self._channels.close(attempt_id)
        self._halls.update(attempt_id, takeover_asked=False)

    async def takeover_code(self, asked: AttemptFor) -> TakeoverCode:
        """A code that lets one other computer take this seat, for ten minutes."""
        if asked.attempt.state in FINISHED:
            raise WrongState("The attempt is over: its seat cannot be taken again.")
        attempt_id = asked.attempt.attempt_id
        await self._access.note(asked.person, "takeover_code", attempt_id, asked.action.value)
        return self._takeovers.new_code(attempt_id)

    async def _takeover_approve(self, asked: AttemptFor, _request: ActRequest) -> None:
        """The computer that waits gets the seat at its next try, and no other does."""
        self._takeovers.approve(asked.attempt.attempt_id)
        self._halls.update(asked.attempt.attempt_id, takeover_asked=False)

    async def _admit_late(self, asked: AttemptFor, _request: ActRequest) -> None:
        now = self._clock.now_ms()

        def admitted(attempt: Attempt) -> Attempt:
            if attempt.joined_ms is not None:
                raise WrongState("The candidate has joined already.")
            return replace(attempt, admitted_late_ms=now)

        await self._attempts.change(asked.attempt.attempt_id, admitted)
        self._halls.update(asked.attempt.attempt_id, late_asked=False)

    async def _seat_watched(self, asked: AttemptFor, _request: ActRequest) -> None:
        """A person watches this seat instead of a camera that does not do: what it may still send
        is kept, but nothing is observed in it any more."""

        def watched(attempt: Attempt) -> Attempt:
            if attempt.state in FINISHED:
                raise WrongState("The attempt is over.")
            if attempt.camera is CameraState.REFUSED:
                raise WrongState("The candidate refused the notice: the seat is watched already.")
            return replace(attempt, camera=CameraState.WATCHED)

        await self._attempts.change(asked.attempt.attempt_id, watched)

    async def _camera_again(self, asked: AttemptFor, _request: ActRequest) -> None:
        def again(attempt: Attempt) -> Attempt:
            if attempt.camera is not CameraState.WATCHED:
                raise WrongState("This seat is not watched in place of its camera.")
            return replace(attempt, camera=CameraState.WORKING)

        await self._attempts.change(asked.attempt.attempt_id, again)

    async def _hand_down(self, asked: AttemptFor, _request: ActRequest) -> None:
        await self._attempts.change(
            asked.attempt.attempt_id, lambda a: replace(a, hand_raised=False)
        )

    async def _end(self, asked: AttemptFor, _request: ActRequest) -> None:
        now = self._clock.now_ms()
        await self._attempts.change(
            asked.attempt.attempt_id,
            lambda a: replace(
                a,
                state=AttemptState.ENDED,
                break_started_ms=None,
                hand_raised=False,
                finished_ms=now,
            ),
        )
        self._live_views.end_attempt(asked.attempt.attempt_id, "The attempt is over.")


def _check_reason(request: ActRequest, what: str) -> None:
    if not request.reason.strip() or len(request.reason) > MAX_TEXT:
        raise BadInput(f"{what} needs a reason: write one short sentence.")
