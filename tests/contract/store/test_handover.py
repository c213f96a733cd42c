"""HandoverStore."""

from __future__ import annotations

from appliance.adapters.store.stores import Stores
from appliance.core.handover import NOTHING_YET, OnDuty, SeenBy, ShiftNote
from appliance.core.ids import AttemptId, IncidentId, UserId
from tests.contract.store.samples import EXAM, OTHER_EXAM, number

ANNA, BO = UserId(number(1)), UserId(number(2))
INCIDENT, ATTEMPT = IncidentId(number(3)), AttemptId(number(4))


def _note(at_ms: int, hall: str | None = None) -> ShiftNote:
    return ShiftNote(
        note_id=number(100 + at_ms), at_ms=at_ms, by=ANNA, by_name="anna", text="åäö", hall=hall
    )


async def test_everything_comes_back_in_order(stores: Stores, other: Stores) -> None:
    desk = stores.handovers
    await desk.add_note(EXAM, _note(2, "Aula"))
    await desk.add_note(EXAM, _note(1))
    await desk.set_duty(EXAM, OnDuty(user_id=BO, name="bo", since_ms=9, halls=("Aula", "Östra")))
    await desk.set_duty(EXAM, OnDuty(user_id=ANNA, name="anna", since_ms=5))
    found = await other.handovers.all(EXAM)
    assert found.notes == (_note(1), _note(2, "Aula"))
    assert [(d.name, d.halls) for d in found.duty.on_duty] == [
        ("anna", None),
        ("bo", ("Aula", "Östra")),
    ]
    assert await desk.all(OTHER_EXAM) == NOTHING_YET


async def test_a_person_has_one_duty_and_leaves_it(stores: Stores) -> None:
    for halls in (("Aula",), ("Annex",)):
        await stores.handovers.set_duty(
            EXAM, OnDuty(user_id=ANNA, name="anna", since_ms=1, halls=halls)
        )
    assert [d.halls for d in await stores.handovers.duty(EXAM)] == [("Annex",)]
    await stores.handovers.end_duty(EXAM, ANNA)
    await stores.handovers.end_duty(EXAM, ANNA)
    assert list(await stores.handovers.duty(EXAM)) == []


async def test_each_sees_for_themselves(stores: Stores, other: Stores) -> None:
    for who in (BO, ANNA, BO):
        seen = await stores.handovers.mark_seen(EXAM, INCIDENT, ATTEMPT, who)
    assert seen == SeenBy(incident_id=INCIDENT, attempt_id=ATTEMPT, users=(BO, ANNA))
    assert (await other.handovers.all(EXAM)).seen == (seen,)


async def test_close_forgets_one_exam(stores: Stores) -> None:
    for exam, at in ((EXAM, 1), (OTHER_EXAM, 2)):
        await stores.handovers.add_note(exam, _note(at))
        await stores.handovers.set_duty(exam, OnDuty(user_id=ANNA, name="anna", since_ms=1))
    await stores.handovers.mark_seen(EXAM, INCIDENT, ATTEMPT, ANNA)
    await stores.handovers.forget(EXAM)
    assert await stores.handovers.all(EXAM) == NOTHING_YET
    assert (await stores.handovers.all(OTHER_EXAM)).notes == (_note(2),)
