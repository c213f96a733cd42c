"""How many live views there are at once, of a person and of an exam, and what is said beyond."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from appliance.core.attempt import AttemptState, CameraState
from appliance.core.errors import NotAllowed, WrongState
from appliance.core.feed import BoxStatus
from appliance.core.ids import UserId
from appliance.core.roles import Action, Person, Role
from appliance.core.settings import Features
from appliance.services.access import Access, AttemptFor
from appliance.services.channels import Channels
from appliance.services.hall import Halls
from appliance.services.live_view import VIEWS_PER_EXAM, VIEWS_PER_PERSON, LiveViews
from tests.contract.store.samples import attempt, exam
from tests.support.fake_clock import FakeClock
from tests.support.fake_randomness import FakeRandomness

_EXAM = replace(exam(), settings=replace(exam().settings, features=Features(live_view=True)))
_SEAT = replace(
    attempt(1), state=AttemptState.RECORDING, camera=CameraState.WORKING, notice_version="v"
)
_BOX = BoxStatus(relay=True, disk_used_percent=1, consoles=2, workers=1, backlog=0, unlocked=True)


class _End:
    """A console's or a page's end that takes everything."""

    host = "box"

    def send(self, message: object) -> None: ...

    def refresh(self) -> None: ...

    def close(self) -> None: ...


class _Relay:
    async def running(self, _: object) -> bool:
        return True

    def credential(self, *_: object, host: str) -> str:
        return host


class _Audit:
    async def append(self, *_: object) -> None: ...


def _asked(user: str) -> AttemptFor:
    person = Person(user_id=UserId(user), role=Role.INVIGILATOR)
    return AttemptFor(person=person, action=Action.LIVE_VIEW_OPEN, exam=_EXAM, attempt=_SEAT)


@pytest.fixture
def views() -> LiveViews:
    nowhere = cast(Any, SimpleNamespace())
    channels = Channels()
    channels.opened(_EXAM.exam_id, _SEAT.attempt_id, _End())
    halls = Halls(FakeClock(), lambda _exam: _BOX)
    halls.enter(_EXAM, [_SEAT], [], {}, {})
    return LiveViews(
        access=Access(nowhere, nowhere, cast(Any, _Audit())),
        relay=cast(Any, _Relay()),
        channels=channels,
        halls=halls,
        randomness=FakeRandomness(),
    )


async def test_a_person_and_an_exam_have_their_number_and_the_reason_is_named(
    views: LiveViews,
) -> None:
    mine = [await views.open(_asked("first"), _End()) for _ in range(VIEWS_PER_PERSON)]
    with pytest.raises(NotAllowed, match="close one first") as too_many:
        await views.open(_asked("first"), _End())
    assert too_many.value.code == "too-many-views"

    for _ in range(VIEWS_PER_EXAM - VIEWS_PER_PERSON):
        await views.open(_asked("second"), _End())
    with pytest.raises(WrongState, match="ask a colleague to close one") as all_open:
        await views.open(_asked("second"), _End())
    assert all_open.value.code == "all-views-open"

    views.end(mine[0], "seen enough")
    await views.open(_asked("second"), _End())
    assert views.watchers(_SEAT.attempt_id) == VIEWS_PER_EXAM
