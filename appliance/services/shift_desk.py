"""The change of shift: a note to the next person, who has which hall, and what each has seen."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.core.errors import BadInput, NotFound
from appliance.core.feed import FeedKind
from appliance.core.handover import Duty, HandoverStore, OnDuty, SeenBy, ShiftNote
from appliance.core.ids import IncidentId
from appliance.core.incident import is_withdrawn
from appliance.core.ports import Clock, ObservationStore, Randomness
from appliance.services.access import Access, ExamFor
from appliance.services.hall import Halls

LONGEST_NOTE = 500


class ShiftDesk:
    def __init__(
        self,
        *,
        access: Access,
        handovers: HandoverStore,
        observations: ObservationStore,
        halls: Halls,
        clock: Clock,
        randomness: Randomness,
    ) -> None:
        self._access = access
        self._handovers = handovers
        self._observations = observations
        self._halls = halls
        self._clock = clock
        self._randomness = randomness

    async def note(self, asked: ExamFor, name: str, text: str, hall: str | None) -> ShiftNote:
        """For everybody who watches `hall` (None: all halls) now or later. Raise BadInput."""
        text = text.strip()
        if not 1 <= len(text) <= LONGEST_NOTE:
            raise BadInput(f"A note has between 1 and {LONGEST_NOTE} characters.")
        if hall is not None:
            self._check_halls(asked, (hall,))
        exam_id, person = asked.exam.exam_id, asked.person
        await self._access.note(person, "shift_note", exam_id, asked.action.value)
        note = ShiftNote(
            note_id=self._randomness.new_id(),
            at_ms=self._clock.now_ms(),
            by=person.user_id,
            by_name=name,
            text=text,
            hall=hall,
        )
        await self._handovers.add_note(exam_id, note)
        self._halls.publish(exam_id, FeedKind.SHIFT_NOTE, note)
        return note

    async def take(self, asked: ExamFor, name: str, halls: Sequence[str] | None) -> Duty:
        """On duty in `halls` from now on; None: in all that this person may see."""
        mine = asked.person.halls
        if halls is None and mine is not None:
            halls = sorted(mine)
        if halls is not None:
            self._check_halls(asked, halls)
        exam_id = asked.exam.exam_id
        await self._access.note(asked.person, "duty_taken", exam_id, asked.action.value)
        one = OnDuty(
            user_id=asked.person.user_id,
            name=name,
            since_ms=self._clock.now_ms(),
            halls=None if halls is None else tuple(halls),
        )
        await self._handovers.set_duty(exam_id, one)
        return await self._tell_duty(asked)

    async def leave(self, asked: ExamFor) -> Duty:
        exam_id = asked.exam.exam_id
        await self._access.note(asked.person, "duty_left", exam_id, asked.action.value)
        await self._handovers.end_duty(exam_id, asked.person.user_id)
        return await self._tell_duty(asked)

    async def seen(self, asked: ExamFor, incident_id: IncidentId) -> SeenBy:
        """This person has looked at the incident; nothing is decided. Raise NotFound, or
        NotAllowed for one of another hall."""
        exam_id = asked.exam.exam_id
        incident = await self._observations.incident(incident_id)
        if incident.exam_id != exam_id or is_withdrawn(incident):
            raise NotFound("There is no such incident in this exam.")
        await self._access.to_attempt(asked.person, asked.action, exam_id, incident.attempt_id)
        seen = await self._handovers.mark_seen(
            exam_id, incident_id, incident.attempt_id, asked.person.user_id
        )
        self._halls.publish(exam_id, FeedKind.SEEN, seen)
        return seen

    async def _tell_duty(self, asked: ExamFor) -> Duty:
        exam_id = asked.exam.exam_id
        duty = Duty(on_duty=tuple(await self._handovers.duty(exam_id)))
        self._halls.publish(exam_id, FeedKind.DUTY, duty)
        return duty

    def _check_halls(self, asked: ExamFor, halls: Sequence[str]) -> None:
        view = self._halls.feed(asked.exam.exam_id).view
        held_in = {seat.hall for seat in view.seats.values()}
        for hall in halls:
            if hall not in held_in:
                raise NotFound(f"The exam is not held in {hall}: choose one of its halls.")
            self._access.to_hall(asked.person, asked.action, asked.exam, hall)
