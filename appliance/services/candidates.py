"""What a candidate's own page may ask and say while the exam runs."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.attempt import FINISHED, Attempt, AttemptState
from appliance.core.attendance import AttendanceStore
from appliance.core.errors import BadInput, NotFound, WrongState
from appliance.core.exam import IN_SESSION, ExamState
from appliance.core.ids import AttemptId
from appliance.core.ports import AttemptStore, Clock, ExamStore
from appliance.core.snippet import HIGHEST_SEQUENCE
from appliance.services.accounts import token_hash
from appliance.services.arrivals import Arrivals
from appliance.services.attempt_life import AttemptLife
from appliance.services.candidate_status import CandidateStatus, candidate_status
from appliance.services.live_view import LiveViews
from appliance.services.messages import Messages


class Candidates:
    def __init__(
        self,
        *,
        exams: ExamStore,
        attempts: AttemptStore,
        attendance: AttendanceStore,
        life: AttemptLife,
        arrivals: Arrivals,
        live_views: LiveViews,
        messages: Messages,
        clock: Clock,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
        self._attendance = attendance
        self._life = life
        self._arrivals = arrivals
        self._live_views = live_views
        self._messages = messages
        self._clock = clock

    async def by_token(self, token: str) -> Attempt:
        """Raise NotFound."""
        return await self._attempts.by_token(token_hash(token))

    async def by_earlier_token(self, token: str) -> Attempt:
        """The attempt of a page that lost its seat to another computer; raise NotFound."""
        attempt = await self._attendance.attempt_of_page(token_hash(token))
        if attempt is None:
            raise NotFound("No page has this token.")
        return await self._attempts.get(attempt)

    async def status_now(self, attempt_id: AttemptId) -> CandidateStatus:
        """Of two the one with the later `server_ms` knows more, whichever arrives first: it is
        stamped before anything is read."""
        asked_ms = self._clock.now_ms()
        return await self._status(await self._attempts.get(attempt_id), asked_ms)

    async def status(self, attempt: Attempt) -> CandidateStatus:
        """Of an attempt as it was just read or changed."""
        return await self._status(attempt, self._clock.now_ms())

    async def _status(self, attempt: Attempt, asked_ms: int) -> CandidateStatus:
        arrived = await self._arrivals.of(attempt.attempt_id)
        return candidate_status(
            await self._exams.get(attempt.exam_id),
            attempt,
            now_ms=asked_ms,
            acknowledged=arrived.solid,
            next_sequence=arrived.highest + 1,
            watchers=self._live_views.watchers(attempt.attempt_id),
            messages=self._messages.to(attempt.attempt_id),
        )

    async def raise_hand(self, attempt: Attempt, *, raised: bool, press: int | None) -> Attempt:
        """`press`: its number, counted by the page. One that was heard before changes nothing: a
        page tells it again when its line died under it, and it may be lowered by now."""
        exam = await self._exams.get(attempt.exam_id)
        if exam.state not in IN_SESSION:
            raise WrongState("The exam is not in session.")

        def change(now: Attempt) -> Attempt:
            if now.state in FINISHED:
                raise WrongState("The attempt is over.")
            if press is None:
                return replace(now, hand_raised=raised)
            if press <= now.hand_presses:
                return now
            return replace(now, hand_raised=raised, hand_presses=press)

        return await self._life.change(attempt.attempt_id, change)

    async def hand_in(self, attempt: Attempt, last_sequence: int) -> Attempt:
        """Over for this candidate; snippets up to `last_sequence` may still arrive. Handing in
        twice is one. Possible after close too: it tells the box that no more will come."""
        if not 0 <= last_sequence <= HIGHEST_SEQUENCE:
            raise BadInput("last_sequence is 0 or the number of the last snippet.")
        exam = await self._exams.get(attempt.exam_id)
        if exam.state not in {ExamState.LIVE, ExamState.CLOSED}:
            raise WrongState("The exam has not started: there is nothing to hand in.")
        now = self._clock.now_ms()

        def over(a: Attempt) -> Attempt:
            told = replace(a, last_sequence=max(last_sequence, a.last_sequence or 0))
            if a.state in FINISHED:
                return told
            return replace(
                told,
                state=AttemptState.HANDED_IN,
                hand_raised=False,
                break_started_ms=None,
                finished_ms=now,
            )

        handed_in = await self._life.change(attempt.attempt_id, over)
        self._live_views.end_attempt(attempt.attempt_id, "The candidate has handed in.")
        return handed_in
