"""The candidate's own phone as the camera, where the computer has none.

The page moves to the phone as a seat moves to another computer: a code that works once and for some
minutes, in a link that the phone reads off the screen. A phone gives a page its camera only where
it trusts the certificate by itself: an authority of the school's own is not on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.attempt import Attempt, CameraState
from appliance.core.errors import NotAllowed, WrongState
from appliance.core.exam import IN_SESSION
from appliance.core.ports import ExamStore
from appliance.services.takeovers import Takeovers


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneLink:
    """`url` holds the codes: shown on the candidate's own screen, never logged."""

    url: str
    until_ms: int


class PhoneCamera:
    """`public_certificate`: box.toml says that every browser trusts the box's certificate."""

    def __init__(
        self, exams: ExamStore, takeovers: Takeovers, *, page_url: str, public_certificate: bool
    ) -> None:
        self._exams = exams
        self._takeovers = takeovers
        self._page_url = page_url
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
        codes = f"e={exam.code}&s={seat_code}&t={made.code}"
        return PhoneLink(url=f"{self._page_url}/?{codes}", until_ms=made.until_ms)
