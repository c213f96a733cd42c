"""From the slip to `checked in`: join, notice, devices, portrait, ready."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hmac import compare_digest
from typing import Protocol

from appliance.core.attempt import FINISHED, Attempt, AttemptState, CameraState
from appliance.core.errors import BadInput, Conflict, NotFound, WrongState
from appliance.core.exam import IN_SESSION, Exam, ExamState
from appliance.core.ids import pseudonym
from appliance.core.languages import Languages
from appliance.core.notice import Notice, notice_for
from appliance.core.ports import AttemptStore, AuditStore, Clock, ExamStore, Randomness
from appliance.services.accounts import new_token, token_hash
from appliance.services.attempt_life import AttemptLife
from appliance.services.challenges import Challenges
from appliance.services.channels import Channels
from appliance.services.hall import Halls
from appliance.services.portraits import PortraitAnswer, Portraits
from appliance.services.seat_codes import seat_code_hash, typed


class ProofCheck(Protocol):
    def check(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """ECDSA P-256 with SHA-256: key as SPKI DER, signature as IEEE P1363. False for
        anything else, never an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """`exam_code` and `seat_code` exactly as they were signed."""

    exam_code: str
    seat_code: str
    nonce: str
    public_key: bytes
    signature: bytes

    @property
    def signed(self) -> bytes:
        return f"hallvakt-join\n{self.exam_code}\n{self.seat_code}\n{self.nonce}".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    attempt: Attempt
    token: str


class CheckIn:
    def __init__(
        self,
        *,
        exams: ExamStore,
        attempts: AttemptStore,
        life: AttemptLife,
        audit: AuditStore,
        halls: Halls,
        channels: Channels,
        portraits: Portraits,
        proofs: ProofCheck,
        languages: Languages,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
        self._life = life
        self._audit = audit
        self._halls = halls
        self._channels = channels
        self._portraits = portraits
        self._proofs = proofs
        self._languages = languages
        self._clock = clock
        self._randomness = randomness
        self._challenges = Challenges(clock, randomness)

    def challenge(self) -> str:
        return self._challenges.new()

    async def join(self, request: JoinRequest) -> Joined:
        """The attempt and a new token for the page that holds the key.

        The nonce is used up whatever comes after. Raise Refused for a bad nonce or proof,
        NotFound for a wrong code, WrongState when the exam is not open, Conflict("seat-taken")
        for another key on a seat that is joined: an invigilator has to release it.
        """
        self._challenges.use(request.nonce)
        if not self._proofs.check(request.public_key, request.signed, request.signature):
            raise BadInput("The page could not prove its key: load it again.", code="bad-proof")
        exam, attempt = await self._find(request)
        token = new_token(self._randomness)
        now = self._clock.now_ms()

        def joined(current: Attempt) -> Attempt:
            mine = current.public_key is None or compare_digest(
                current.public_key, request.public_key
            )
            if not mine:
                raise Conflict(
                    "Another computer has joined with this seat code: ask an invigilator to "
                    "release the seat.",
                    code="seat-taken",
                )
            if current.public_key is None and current.state in FINISHED:
                raise WrongState("This attempt is over.")
            return replace(
                current,
                public_key=request.public_key,
                token_hash=token_hash(token),
                joined_ms=current.joined_ms or now,
            )

        try:
            attempt = await self._life.change(attempt.attempt_id, joined)
        except Conflict:
            self._halls.update(attempt.attempt_id, takeover_asked=True)
            self._halls.announce(
                exam.exam_id,
                f"Another computer wants seat {attempt.seat.label}: check who sits there, then "
                "release the seat if it is the right person.",
                level="warning",
                attempt=attempt.attempt_id,
            )
            raise
        # An older page of the same browser must not go on with a token that has ended.
        self._channels.close(attempt.attempt_id)
        await self._audit.append(attempt.attempt_id, "join", "check_in", attempt.attempt_id)
        self._halls.contact(attempt.attempt_id)
        return Joined(attempt=attempt, token=token)

    async def notice(self, attempt: Attempt, language: str) -> Notice:
        exam = await self._exams.get(attempt.exam_id)
        return notice_for(exam.settings, self._languages, language)

    async def answer_notice(self, attempt: Attempt, version: str, *, acknowledged: bool) -> Attempt:
        """Raise Conflict when the version is not one of this exam's. A refusal means a seat
        watched by a person; it can be taken back until check-in is done."""
        exam = await self._in_session(attempt)
        if acknowledged and version not in self._versions(exam):
            raise Conflict("The notice has changed: read it again.", code="other-notice")

        def answered(now: Attempt) -> Attempt:
            if now.state is not AttemptState.EXPECTED:
                raise WrongState("Check-in is done: speak to an invigilator.")
            if not acknowledged:
                return replace(now, notice_version=None, camera=CameraState.REFUSED)
            camera = CameraState.UNKNOWN if now.camera is CameraState.REFUSED else now.camera
            return replace(now, notice_version=version, camera=camera)

        changed = await self._life.change(attempt.attempt_id, answered)
        await self._audit.append(
            attempt.attempt_id,
            "notice-acknowledged" if acknowledged else "notice-refused",
            version if acknowledged else "notice",
            attempt.attempt_id,
        )
        if not acknowledged:
            self._halls.announce(
                exam.exam_id,
                f"Seat {attempt.seat.label} refused the notice: watch this seat in person.",
                level="warning",
                attempt=attempt.attempt_id,
            )
        return changed

    async def devices(self, attempt: Attempt, *, camera: bool, microphone: bool) -> Attempt:
        """Without a camera the seat is watched by a person. `microphone` False is told to the
        consoles when the exam listens for conversation."""
        exam = await self._in_session(attempt)

        def found(now: Attempt) -> Attempt:
            if now.camera is CameraState.REFUSED:
                return now
            return replace(now, camera=CameraState.WORKING if camera else CameraState.MISSING)

        changed = await self._life.change(attempt.attempt_id, found)
        features = exam.settings.features
        if not camera and features.video_snippets and changed.camera is CameraState.MISSING:
            self._tell(exam, attempt, "has no camera: watch this seat in person.")
        elif not microphone and features.audio_presence:
            self._tell(exam, attempt, "has no microphone.")
        return changed

    async def portrait(self, attempt: Attempt, picture: bytes) -> PortraitAnswer:
        """Check a photo and keep it when it is good; see `services.portraits`."""
        exam = await self._in_session(attempt)
        self._check_acknowledged(attempt)
        answer = await self._portraits.take(exam, attempt, picture)
        if answer.accepted:
            await self._life.change(
                attempt.attempt_id, lambda a: replace(a, portrait_accepted=True)
            )
        return answer

    async def check_portrait_wanted(self, attempt: Attempt) -> None:
        """Before the body is read; raise NotAllowed or WrongState."""
        self._portraits.check_permitted(await self._in_session(attempt))
        self._check_acknowledged(attempt)

    async def ready(self, attempt: Attempt) -> Attempt:
        """`checked_in`, and `recording` at once when the exam has already started."""
        exam = await self._in_session(attempt)

        def done(now: Attempt) -> Attempt:
            if now.state is not AttemptState.EXPECTED:
                return now
            if now.notice_version is None and now.camera is not CameraState.REFUSED:
                raise WrongState("Read and answer the notice first.", code="no-notice")
            return replace(now, state=AttemptState.CHECKED_IN)

        changed = await self._life.change(attempt.attempt_id, done)
        if exam.state is ExamState.LIVE and changed.state is AttemptState.CHECKED_IN:
            changed = await self._life.change(
                attempt.attempt_id, lambda a: replace(a, state=AttemptState.RECORDING)
            )
        return changed

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

    async def _in_session(self, attempt: Attempt) -> Exam:
        exam = await self._exams.get(attempt.exam_id)
        if exam.state not in IN_SESSION:
            raise WrongState("The exam is not in session.", code="exam-not-open")
        return exam

    def _versions(self, exam: Exam) -> set[str]:
        known = self._languages
        return {notice_for(exam.settings, known, name).version for name in known.names}

    def _check_acknowledged(self, attempt: Attempt) -> None:
        if attempt.notice_version is None:
            raise WrongState("Read and answer the notice first.", code="no-notice")

    def _tell(self, exam: Exam, attempt: Attempt, what: str) -> None:
        self._halls.announce(
            exam.exam_id,
            f"Seat {attempt.seat.label} ({pseudonym(attempt.attempt_id)}) {what}",
            level="warning",
            attempt=attempt.attempt_id,
        )
