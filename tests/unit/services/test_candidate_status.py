"""Of two words on the same seat, the later stamp knows more, whichever arrives first."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from appliance.core.attempt import Attempt
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId, ExamId
from appliance.services.candidates import Candidates
from tests.support.fake_clock import FakeClock
from tests.unit.services.watch_room import attempt, exam


class SlowStore:
    """Gives what it holds a second after it was asked."""

    def __init__(self, clock: FakeClock, held: Any) -> None:
        self._clock, self._held = clock, held

    async def get(self, _: AttemptId | ExamId) -> Any:
        self._clock.advance(1.0)
        return self._held

    of = get


async def test_a_status_is_stamped_before_anything_is_read() -> None:
    clock = FakeClock()
    candidate: Attempt = attempt()
    held: Exam = exam()
    nothing: Any = SimpleNamespace(watchers=lambda _: 0, to=lambda _: ())
    arrived = SimpleNamespace(solid=0, highest=0)
    stores: dict[str, Any] = {
        "exams": SlowStore(clock, held),
        "attempts": SlowStore(clock, candidate),
        "arrivals": SlowStore(clock, arrived),
        **dict.fromkeys(("attendance", "life", "live_views", "messages"), nothing),
    }
    asked_ms = clock.now_ms()
    said = await Candidates(clock=clock, **stores).status_now(candidate.attempt_id)
    assert said.server_ms == asked_ms
    assert clock.now_ms() == asked_ms + 3_000
