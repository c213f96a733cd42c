"""Every change of an attempt goes through here: one at a time, stored first, then told to the
consoles and to the candidate's own page."""

from __future__ import annotations

from collections.abc import Callable

from appliance.core.attempt import FINISHED, Attempt, AttemptState, check_transition
from appliance.core.ids import AttemptId
from appliance.core.ports import AttemptStore, ExamStore
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
        halls: Halls,
        channels: Channels,
        watch: Watch,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
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
        self._halls.attempt_changed(after)
        self._channels.refresh(attempt)
        if after.state is not before.state and after.state in _NOT_WATCHED:
            await self._watch.pause(await self._exams.get(after.exam_id), after)
        return after
