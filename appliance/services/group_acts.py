"""One act for several seats: each is authorised, audited and told by itself."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.attempt import FINISHED
from appliance.core.errors import BadInput, HallvaktError
from appliance.core.ids import AttemptId
from appliance.core.ports import AttemptStore
from appliance.core.roles import Action
from appliance.core.selection import Whom, chosen
from appliance.services.access import Access, AttemptFor, ExamFor
from appliance.services.acts import ActRequest, Acts
from appliance.services.hall import Halls

GROUP_ACTS = frozenset({"message", "extra_time", "break_start", "break_end"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """`why` is the sentence of the refusal."""

    attempt_id: AttemptId
    seat: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDone:
    done: tuple[AttemptId, ...]
    not_done: tuple[NotDone, ...]


class GroupActs:
    def __init__(self, access: Access, attempts: AttemptStore, acts: Acts, halls: Halls) -> None:
        self._access = access
        self._attempts = attempts
        self._acts = acts
        self._halls = halls

    async def do(self, asked: ExamFor, whom: Whom, request: ActRequest) -> GroupDone:
        """Seats of halls that are not this person's are left out of a hall, a row or all, and
        refused when named. One seat that refuses does not keep the others from it. Who has
        finished is passed over. Raise BadInput when nobody is meant or the act is none for
        several, NotAllowed for a named seat of another hall."""
        whom.check()
        if request.act not in GROUP_ACTS:
            raise BadInput(
                f"{request.act} is no act for several: {', '.join(sorted(GROUP_ACTS))} are."
            )
        self._acts.check(request)
        exam_id, person = asked.exam.exam_id, asked.person
        everyone = await self._attempts.of_exam(exam_id)
        meant = [
            a
            for a in chosen(everyone, whom)
            if whom.attempts or person.halls is None or a.seat.hall in person.halls
        ]
        for attempt in meant:
            await self._access.to_attempt(person, Action.ATTEMPT_ACT, exam_id, attempt.attempt_id)
        meant = [a for a in meant if a.state not in FINISHED]
        if not meant:
            raise BadInput("Nobody is meant who still writes: choose again.")
        await self._access.note(person, f"group_{request.act}", exam_id, asked.action.value)
        done, not_done = [], []
        for attempt in meant:
            one = AttemptFor(
                person=person, action=Action.ATTEMPT_ACT, exam=asked.exam, attempt=attempt
            )
            try:
                await self._acts.do(one, request, one_of_several=True)
            except HallvaktError as error:
                not_done.append(
                    NotDone(
                        attempt_id=attempt.attempt_id, seat=attempt.seat.label, why=error.message
                    )
                )
            else:
                done.append(attempt.attempt_id)
        if request.act == "message" and done:
            # Not what it says: people of other halls hear this too.
            self._halls.announce(exam_id, f"A message went to {len(done)} candidates.")
        return GroupDone(done=tuple(done), not_done=tuple(not_done))
