"""What is still open before a close, and what still comes in the late window after it."""

from __future__ import annotations

from appliance.core.close_out import CloseOut, in_order, open_seat
from appliance.core.ports import AttemptStore, SnippetStore
from appliance.services.access import ExamFor
from appliance.services.arrivals import Arrivals
from appliance.services.candidate_status import late_until_ms
from appliance.services.hall import Halls


class ClosingOut:
    def __init__(
        self, attempts: AttemptStore, snippets: SnippetStore, arrivals: Arrivals, halls: Halls
    ) -> None:
        self._attempts = attempts
        self._snippets = snippets
        self._arrivals = arrivals
        self._halls = halls

    async def look(self, asked: ExamFor) -> CloseOut:
        """Seats of the person's own halls. Numbers and labels only, so that it can go on after
        close, when this box knows no name any more."""
        halls, found, done = asked.person.halls, [], 0
        for attempt in await self._attempts.of_exam(asked.exam.exam_id):
            if halls is not None and attempt.seat.hall not in halls:
                continue
            arrived = await self._arrivals.of(attempt.attempt_id)
            kept = {*range(1, arrived.solid + 1), *arrived.beyond}
            settled = kept | set(await self._snippets.refused(attempt.attempt_id))
            seat = open_seat(attempt, settled, len(kept), self._halls.seat(attempt.attempt_id))
            if seat is None:
                done += 1
            else:
                found.append(seat)
        return CloseOut(
            open_seats=in_order(found), done=done, late_until_ms=late_until_ms(asked.exam)
        )
