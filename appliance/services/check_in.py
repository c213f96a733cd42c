"""From a joined seat to `checked in`: notice, devices, portrait, ready."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.attempt import FINISHED, Attempt, AttemptState, CameraState
from appliance.core.errors import Conflict, WrongState
from appliance.core.exam import IN_SESSION, Exam, ExamState
from appliance.core.ids import pseudonym
from appliance.core.languages import Languages
from appliance.core.notice import Notice, notice_for
from appliance.core.ports import AuditStore, ExamStore
from appliance.services.attempt_life import AttemptLife
from appliance.services.hall import Halls
from appliance.services.portraits import PortraitAnswer, Portraits


class CheckIn:
    def __init__(
        self,
        *,
        exams: ExamStore,
        life: AttemptLife,
        audit: AuditStore,
        halls: Halls,
        portraits: Portraits,
        languages: Languages,
    ) -> None:
        self._exams = exams
        self._life = life
        self._audit = audit
        self._halls = halls
        self._portraits = portraits
        self._languages = languages

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
            if now.camera in (CameraState.REFUSED, CameraState.WATCHED):
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
        _check_portrait_open(attempt)
        answer = await self._portraits.take(exam, attempt, picture)
        if answer.accepted:
            await self._life.change(
                attempt.attempt_id, lambda a: replace(a, portrait_accepted=True)
            )
        return answer

    async def check_portrait_wanted(self, attempt: Attempt) -> None:
        """Before the body is read; raise NotAllowed or WrongState."""
        self._portraits.check_permitted(await self._in_session(attempt))
        _check_portrait_open(attempt)

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

    async def _in_session(self, attempt: Attempt) -> Exam:
        exam = await self._exams.get(attempt.exam_id)
        if exam.state not in IN_SESSION:
            raise WrongState("The exam is not in session.", code="exam-not-open")
        return exam

    def _versions(self, exam: Exam) -> set[str]:
        known = self._languages
        return {notice_for(exam.settings, known, name).version for name in known.names}

    def _tell(self, exam: Exam, attempt: Attempt, what: str) -> None:
        self._halls.announce(
            exam.exam_id,
            f"Seat {attempt.seat.label} ({pseudonym(attempt.attempt_id)}) {what}",
            level="warning",
            attempt=attempt.attempt_id,
        )


def _check_portrait_open(attempt: Attempt) -> None:
    """Whoever sits down later must not put their own face in the place of the photo that the
    first one was let in with: everybody after them is compared with it."""
    if attempt.notice_version is None:
        raise WrongState("Read and answer the notice first.", code="no-notice")
    if attempt.state in FINISHED or (
        attempt.portrait_accepted and attempt.state is not AttemptState.EXPECTED
    ):
        raise WrongState("The photo of this seat is taken: it stays.", code="photo-taken")
