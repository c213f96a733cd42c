"""How a page sits down at a seat: with a slip, in the hall, in time, and one computer at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Protocol

from appliance.core.attempt import FINISHED, Attempt
from appliance.core.attendance import AttendanceStore
from appliance.core.errors import BadInput, Conflict, NotAllowed, NotFound, WrongState
from appliance.core.exam import IN_SESSION, Exam
from appliance.core.ids import AttemptId
from appliance.core.joining import joins_late
from appliance.core.ports import AttemptStore, AuditStore, Clock, ExamStore, Randomness
from appliance.services.accounts import new_token, token_hash
from appliance.services.attempt_life import AttemptLife
from appliance.services.challenges import Challenges
from appliance.services.channels import Channels, TakenOver
from appliance.services.hall import Halls
from appliance.services.hall_codes import HallCodes
from appliance.services.seat_codes import seat_code_hash, typed
from appliance.services.takeovers import Takeovers


class ProofCheck(Protocol):
    def check(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """ECDSA P-256 with SHA-256: key as SPKI DER, signature as IEEE P1363. False for
        anything else, never an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """`exam_code` and `seat_code` exactly as they were signed. `hall_code` and `takeover_code` as
    typed, empty when not asked for; `address` is the page's own on the network."""

    exam_code: str
    seat_code: str
    nonce: str
    public_key: bytes
    signature: bytes
    hall_code: str = ""
    takeover_code: str = ""
    address: str = ""

    @property
    def signed(self) -> bytes:
        return f"hallvakt-join\n{self.exam_code}\n{self.seat_code}\n{self.nonce}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    attempt: Attempt
    token: str


class Joining:
    def __init__(
        self,
        *,
        exams: ExamStore,
        attempts: AttemptStore,
        attendance: AttendanceStore,
        life: AttemptLife,
        audit: AuditStore,
        halls: Halls,
        hall_codes: HallCodes,
        takeovers: Takeovers,
        channels: Channels,
        proofs: ProofCheck,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
        self._attendance = attendance
        self._life = life
        self._audit = audit
        self._halls = halls
        self._hall_codes = hall_codes
        self._takeovers = takeovers
        self._channels = channels
        self._proofs = proofs
        self._clock = clock
        self._randomness = randomness
        self._challenges = Challenges(clock, randomness)

    def challenge(self) -> str:
        return self._challenges.new()

    async def join(self, request: JoinRequest) -> Joined:
        """The attempt and a new token for the page that holds the key.

        The nonce is used up whatever comes after. Raise Refused for a bad nonce or proof,
        NotFound for a wrong code, WrongState when the exam is not open, NotAllowed for a page
        outside the hall (`not-in-hall`, `hall-code-missing`, `hall-code-wrong`) or too late
        (`late-admission`: consoles are told), Conflict("seat-taken") for another key on a seat
        that is joined: consoles are told, and a person lets it in or does not.
        """
        self._challenges.use(request.nonce)
        if not self._proofs.check(request.public_key, request.signed, request.signature):
            raise BadInput("The page could not prove its key: load it again.", code="bad-proof")
        exam, attempt = await self._find(request)
        taken_over = False
        if attempt.public_key is None:
            self._hall_codes.check(exam, attempt.seat.hall, request.hall_code, request.address)
            self._check_in_time(exam, attempt)
        elif not compare_digest(attempt.public_key, request.public_key):
            await self._take_over(exam, attempt, request)
            taken_over = True
        token = new_token(self._randomness)
        attempt = await self._sit_down(attempt, request.public_key, token, taken_over)
        if taken_over:
            self._channels.send(attempt.attempt_id, TakenOver(at=self._clock.now_ms()))
            self._halls.update(attempt.attempt_id, takeover_asked=False)
        # An older page must not go on with a token that has ended.
        self._channels.close(attempt.attempt_id)
        act = "takeover" if taken_over else "join"
        await self._audit.append(attempt.attempt_id, act, "check_in", attempt.attempt_id)
        self._halls.contact(attempt.attempt_id)
        return Joined(attempt=attempt, token=token)

    async def _sit_down(
        self, attempt: Attempt, public_key: bytes, token: str, taken_over: bool
    ) -> Attempt:
        now, was = self._clock.now_ms(), attempt.public_key

        def joined(current: Attempt) -> Attempt:
            if current.public_key not in (was, None, public_key):
                raise Conflict("Another computer was faster: try again.", code="seat-taken")
            if current.public_key != public_key and current.state in FINISHED:
                raise WrongState("This attempt is over.")
            return replace(
                current,
                public_key=public_key,
                token_hash=token_hash(token),
                joined_ms=current.joined_ms or now,
            )

        if taken_over and attempt.token_hash is not None:
            await self._attendance.keep_page(attempt.token_hash, attempt.attempt_id, now)
        return await self._life.change(attempt.attempt_id, joined)

    def _check_in_time(self, exam: Exam, attempt: Attempt) -> None:
        if not joins_late(exam, attempt, self._clock.now_ms()):
            return
        self._halls.update(attempt.attempt_id, late_asked=True)
        self._halls.announce(
            exam.exam_id,
            f"Somebody has come late to seat {attempt.seat.label}: admit late lets them in.",
            level="warning",
            attempt=attempt.attempt_id,
        )
        raise NotAllowed(
            "The time for joining is over: ask an invigilator to let you in, then try again.",
            code="late-admission",
        )

    async def _take_over(self, exam: Exam, attempt: Attempt, request: JoinRequest) -> None:
        """Return when a person let this page in; else tell the consoles and raise Conflict."""
        attempt_id = attempt.attempt_id
        if self._takeovers.use(attempt_id, request.public_key, request.takeover_code):
            return
        if attempt.state in FINISHED:
            raise WrongState("This attempt is over.")
        self._takeovers.asked(attempt_id, request.public_key)
        if not self._asks_already(attempt_id):
            self._halls.update(attempt_id, takeover_asked=True)
            self._halls.announce(
                exam.exam_id,
                f"Another computer wants seat {attempt.seat.label}: check who sits there, then "
                "let it in if it is the right person.",
                level="warning",
                attempt=attempt_id,
            )
        raise Conflict(
            "Another computer has joined with this seat code: ask an invigilator to let this one "
            "in.",
            code="seat-taken",
        )

    def _asks_already(self, attempt: AttemptId) -> bool:
        """A page that waits asks every few seconds; people are told once."""
        seat = self._halls.seat(attempt)
        return seat is not None and seat.takeover_asked

    async def _find(self, request: JoinRequest) -> tuple[Exam, Attempt]:
        wrong = NotFound(
            "The exam code or the seat code is wrong: compare it with your slip.",
            code="wrong-code",
        )
        try:
            exam = await self._exams.by_code(typed(request.exam_code))
        except NotFound:
            raise wrong from None
        if exam.state not in IN_SESSION:
            raise WrongState("The exam is not open yet: wait a moment.", code="exam-not-open")
        hashed = seat_code_hash(exam.exam_id, request.seat_code)
        for attempt in await self._attempts.of_exam(exam.exam_id):
            if compare_digest(attempt.seat_code_hash, hashed):
                return exam, attempt
        raise wrong
