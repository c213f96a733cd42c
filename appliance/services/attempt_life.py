"""Every change of an attempt goes through here: one at a time, stored first, then told to the
consoles and to the candidate's own page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack

from appliance.core.attempt import FINISHED, Attempt, AttemptState, check_transition
from appliance.core.attendance import AttendanceStore, total_ms
from appliance.core.exam import Seat
from appliance.core.ids import AttemptId
from appliance.core.ports import AttemptStore, Clock, ExamStore
from appliance.services.channels import Channels
from appliance.services.hall import Halls
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.watch import Watch

# What was seen up to here has ended; nothing is judged until recording goes on.
_NOT_WATCHED = FINISHED | {AttemptState.ON_BREAK}


class AttemptLife:
    def __init__(
        self,
        *,
        exams: ExamStore,
        attempts: AttemptStore,
        attendance: AttendanceStore,
        halls: Halls,
        channels: Channels,
        watch: Watch,
        clock: Clock,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
        self._attendance = attendance
        self._clock = clock
        self._halls = halls
        self._channels = channels
        self._watch = watch
        self._locks = KeyedLocks()

    async def change(self, attempt: AttemptId, change: Callable[[Attempt], Attempt]) -> Attempt:
        """Store `change(attempt as it is)` and return it.

        `change` may raise to refuse; a new state must be one that the old one can become.
        """
        async with self._locks.of(attempt):
            before = await self._attempts.get(attempt)
            after = change(before)
            if after.state is not before.state:
                check_transition(before.state, after.state)
            if after != before:
                await self._attempts.replace(after, expected=before.state)
            if AttemptState.ON_BREAK in {before.state, after.state} and before != after:
                await self._keep_ledger(after)
        self._halls.attempt_changed(after)
        if before.token_hash is not None and after.token_hash is None:
            self._channels.close(attempt)  # the page's login has ended, and so does its socket
        else:
            self._channels.refresh(attempt)
        if after.state is not before.state and after.state in _NOT_WATCHED:
            await self._watch.pause(await self._exams.get(after.exam_id), after)
        return after

    async def move(self, seats: Mapping[AttemptId, Seat], at_ms: int) -> None:
        """Give each of these its seat, all or none. Raise Conflict for a seat of another."""
        async with AsyncExitStack() as locks:
            for attempt in sorted(seats):  # always in this order: two moves must not wait for
                await locks.enter_async_context(self._locks.of(attempt))  # each other
            await self._attendance.move(seats, at_ms)
            moved = [await self._attempts.get(attempt) for attempt in seats]
        for one in moved:
            self._halls.attempt_changed(one)
            self._channels.refresh(one.attempt_id)

    async def _keep_ledger(self, attempt: Attempt) -> None:
        """A break that begins or ends, however it does: also by handing in."""
        attempt_id, now = attempt.attempt_id, self._clock.now_ms()
        if attempt.state is AttemptState.ON_BREAK:
            await self._attendance.start_break(attempt_id, attempt.break_started_ms or now)
        else:
            await self._attendance.end_break(attempt_id, now)
        breaks = await self._attendance.breaks(attempt_id)
        self._halls.update(attempt_id, breaks=len(breaks), break_total_ms=total_ms(breaks))
