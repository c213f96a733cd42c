"""Moving somebody to another seat while the exam goes on, alone or in exchange.

The attempt, its keys and its slip stay the person's; what changes is where they sit. The record
tells both seats and until when.
"""

from __future__ import annotations

from appliance.core.attempt import FINISHED, Attempt
from appliance.core.attendance import ActNote, AttendanceStore
from appliance.core.errors import BadInput, NotFound, WrongState
from appliance.core.exam import Seat
from appliance.core.ids import AttemptId
from appliance.core.ports import AttemptStore, Clock
from appliance.core.roles import Action
from appliance.services.access import Access, AttemptFor
from appliance.services.attempt_life import AttemptLife
from appliance.services.hall import Halls
from appliance.services.keyed_locks import KeyedLocks

LONGEST_LABEL = 16
LONGEST_REASON = 500


class Seating:
    def __init__(
        self,
        *,
        access: Access,
        attempts: AttemptStore,
        attendance: AttendanceStore,
        life: AttemptLife,
        halls: Halls,
        clock: Clock,
    ) -> None:
        self._access = access
        self._attempts = attempts
        self._attendance = attendance
        self._life = life
        self._halls = halls
        self._clock = clock
        self._locks = KeyedLocks()

    async def move(self, asked: AttemptFor, to: Seat, reason: str) -> tuple[AttemptId, ...]:
        """Who moved: one, or two that exchanged seats. Raise BadInput, NotFound for a hall the
        exam is not held in, NotAllowed when the other seat is in a hall that is not this
        person's, WrongState when one of them has finished."""
        to = _checked(to)
        async with self._locks.of(asked.exam.exam_id):
            return await self._move(asked, to, reason)

    async def _move(self, asked: AttemptFor, to: Seat, reason: str) -> tuple[AttemptId, ...]:
        if not 1 <= len(reason.strip()) <= LONGEST_REASON:
            raise BadInput("Changing a seat needs a reason: write one short sentence.")
        exam_id = asked.exam.exam_id
        mine = await self._attempts.get(asked.attempt.attempt_id)
        if to == mine.seat:
            raise BadInput("The candidate sits there already.")
        everyone = await self._attempts.of_exam(exam_id)
        if to.hall not in {a.seat.hall for a in everyone}:
            raise NotFound(f"The exam is not held in {to.hall}: choose one of its halls.")
        self._access.to_hall(asked.person, Action.ATTEMPT_ACT, asked.exam, to.hall)
        there = next((a for a in everyone if a.seat == to), None)
        for one in (mine, *([there] if there else [])):
            if one.state in FINISHED:
                raise WrongState(
                    f"Who sat at {one.seat.label} has finished: that seat stays theirs. Choose "
                    "another one."
                )
        seats = {mine.attempt_id: to} | ({there.attempt_id: mine.seat} if there else {})
        for moved in seats:
            await self._access.note(asked.person, "seat_change", moved, asked.action.value)
        now = self._clock.now_ms()
        await self._life.move(seats, now)
        for moved in seats:
            why = ActNote(
                at_ms=now, actor=asked.person.user_id, act="seat_change", reason=reason.strip()
            )
            await self._attendance.note_act(moved, why)
        self._tell(asked, mine, to, there)
        return tuple(seats)

    def _tell(self, asked: AttemptFor, mine: Attempt, to: Seat, there: Attempt | None) -> None:
        exam_id = asked.exam.exam_id
        if to.hall != mine.seat.hall:
            # A console of one hall must lose who left it, and no message says that.
            self._halls.feed(exam_id).start_over()
        how = f"and {to.label} have exchanged seats" if there else f"now sits at {to.label}"
        self._halls.announce(exam_id, f"{mine.seat.label} {how}.", attempt=mine.attempt_id)


def _checked(seat: Seat) -> Seat:
    hall, label = seat.hall.strip(), seat.label.strip().upper()
    if not 1 <= len(label) <= LONGEST_LABEL or not label.isprintable():
        raise BadInput(f"A seat has between 1 and {LONGEST_LABEL} printable characters, e.g. A2.")
    return Seat(hall=hall, label=label)
