"""The candidate's own phone as the camera, where the computer has none.

The page moves to the phone as a seat moves to another computer: a code that works once and for some
minutes, in a link that the phone reads off the screen. The computer is told whether the phone
films. A phone gives a page its camera only where it trusts the certificate by itself: an authority
of the school's own is not on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.attempt import FINISHED, Attempt, CameraState, LinkState
from appliance.core.errors import NotAllowed, WrongState
from appliance.core.exam import IN_SESSION
from appliance.core.ids import AttemptId
from appliance.core.ports import ExamStore
from appliance.services.hall import Halls
from appliance.services.takeovers import Takeovers


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLink:
    """`url` holds the codes: shown on the candidate's own screen, never logged."""

    url: str
    until_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """How it goes at the device that has the seat now, for the page that had it before. `phone`: it
    is the candidate's own phone (not known any more after the box was started anew)."""

    phone: bool
    filming: bool
    over: bool


class PhoneCamera:
    """`public_certificate`: box.toml says that every browser trusts the box's certificate."""

    def __init__(
        self,
        exams: ExamStore,
        takeovers: Takeovers,
        halls: Halls,
        *,
        page_url: str,
        public_certificate: bool,
    ) -> None:
        self._exams = exams
        self._takeovers = takeovers
        self._halls = halls
        self._page_url = page_url
        self._codes: dict[AttemptId, str] = {}
        self.available = public_certificate

    async def link(self, attempt: Attempt, seat_code: str) -> PhoneLink:
        """Raise NotAllowed where phones cannot be used, WrongState where no camera is needed."""
        if not self.available:
            raise NotAllowed(
                "A phone cannot be the camera here: it does not trust the box's certificate. Plug "
                "in a camera, or go on without one: an invigilator then watches your seat.",
                code="no-public-certificate",
            )
        exam = await self._exams.get(attempt.exam_id)
        if exam.state not in IN_SESSION or attempt.camera is CameraState.REFUSED:
            raise WrongState("This seat needs no camera now.", code="no-camera-wanted")
        made = self._takeovers.new_code(attempt.attempt_id)
        self._codes[attempt.attempt_id] = made.code
        # `p`: the page knows that it is on a phone, whose screen must stay on.
        codes = f"e={exam.code}&s={seat_code}&t={made.code}&p=1"
        return PhoneLink(url=f"{self._page_url}/?{codes}", until_ms=made.until_ms)

    async def elsewhere(self, attempt: Attempt) -> Elsewhere:
        exam = await self._exams.get(attempt.exam_id)
        seat = self._halls.seat(attempt.attempt_id)
        code = self._codes.get(attempt.attempt_id)
        return Elsewhere(
            phone=code is not None and code == self._takeovers.used(attempt.attempt_id),
            filming=attempt.camera is CameraState.WORKING
            and seat is not None
            and seat.link is LinkState.UP,
            over=attempt.state in FINISHED or exam.state not in IN_SESSION,
        )
