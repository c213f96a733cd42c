"""The hall's own microphone: whether it may listen now, what it heard, and whether it is heard.

The process that reads the device (`processes/hall_audio.py`) reports about once a second and is
told each time whether to go on. It opens the device only when told to, and it is told to only while
an exam with `hall_microphone` on is live and seats candidates in the hall the microphone stands in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.core.exam import Exam, ExamState
from appliance.core.feed import HallMicrophoneState
from appliance.core.hall_sound import HallSound, HeardWindow, hear
from appliance.core.ids import ExamId
from appliance.core.ports import Clock, ExamStore
from appliance.core.processing import Category, permitted
from appliance.core.wording import HALL_MICROPHONE_BACK, HALL_MICROPHONE_NOT_HEARD
from appliance.services.hall import Halls
from appliance.services.watch import Watch

# Opening a device takes some seconds, and a report may be late on a busy box.
_STARTING_S = 15.0
_SILENT_AFTER_S = 6.0
_OLDEST_WINDOW_MS, _NEWEST_WINDOW_MS = 60_000, 5_000  # around now, else the clock was set


@dataclass(slots=True)
class _Listening:
    """One live exam that uses the microphone. Times are those of the monotonic clock."""

    exam: Exam
    sound: HallSound
    since: float
    heard_at: float | None = None
    told: HallMicrophoneState = HallMicrophoneState.STARTING


@dataclass(slots=True)
class HallMicrophone:
    """`hall`: where the microphone stands; empty on a box without one."""

    hall: str
    exams: ExamStore
    halls: Halls
    watch: Watch
    clock: Clock
    _listening: dict[ExamId, _Listening] = field(default_factory=dict)

    async def report(self, *, heard: bool, windows: Iterable[HeardWindow]) -> bool:
        """Take a report and answer whether to listen. `heard`: sound comes from the device now.

        Windows that nobody asked for are dropped unread.
        """
        await self._refresh()
        if heard:
            windows = tuple(self._timely(windows))
            for listening in list(self._listening.values()):
                listening.heard_at = self.clock.monotonic()
                rules = listening.exam.settings.rules
                listening.sound, events = hear(listening.sound, windows, rules)
                await self.watch.heard_in_hall(listening.exam.exam_id, events)
        return bool(self._listening)

    def state(self, exam: ExamId) -> HallMicrophoneState:
        listening = self._listening.get(exam)
        if listening is None:
            return HallMicrophoneState.OFF
        now = self.clock.monotonic()
        if listening.heard_at is not None and now - listening.heard_at < _SILENT_AFTER_S:
            return HallMicrophoneState.HEARD
        if listening.heard_at is None and now - listening.since < _STARTING_S:
            return HallMicrophoneState.STARTING
        return HallMicrophoneState.NOT_HEARD

    def overall(self) -> HallMicrophoneState:
        """Over all exams that use it; the worst counts."""
        states = {self.state(exam) for exam in self._listening}
        worst_first = (
            HallMicrophoneState.NOT_HEARD,
            HallMicrophoneState.STARTING,
            HallMicrophoneState.HEARD,
        )
        return next((s for s in worst_first if s in states), HallMicrophoneState.OFF)

    async def tick(self) -> None:
        """Once a second: tell the consoles when the microphone falls silent or comes back."""
        await self._refresh()
        for exam, listening in self._listening.items():
            state = self.state(exam)
            if state is HallMicrophoneState.NOT_HEARD is not listening.told:
                self.halls.announce(exam, HALL_MICROPHONE_NOT_HEARD, level="warning")
            elif (listening.told, state) == (
                HallMicrophoneState.NOT_HEARD,
                HallMicrophoneState.HEARD,
            ):
                self.halls.announce(exam, HALL_MICROPHONE_BACK)
            listening.told = state

    async def _refresh(self) -> None:
        """Follow the exams: who listens is decided by the settings that were frozen at `ready`."""
        wanted = {exam for exam in self.halls.in_session() if self._seats_here(exam)}
        for over in set(self._listening) - wanted:
            del self._listening[over]
        for exam_id in wanted - set(self._listening):
            exam = await self.exams.get(exam_id)
            if exam.state is ExamState.LIVE and (
                Category.HALL_SOUND in permitted(exam.settings.features)
            ):
                self._listening[exam_id] = _Listening(
                    exam=exam,
                    sound=HallSound(exam_id=exam_id, hall=self.hall),
                    since=self.clock.monotonic(),
                )

    def _seats_here(self, exam: ExamId) -> bool:
        """From what consoles are shown, which is in memory: live, switched on, in this hall."""
        view = self.halls.feed(exam).view
        shown = view.exam
        return (
            bool(self.hall)
            and shown is not None
            and shown.state is ExamState.LIVE
            and shown.features.hall_microphone
            and any(seat.hall == self.hall for seat in view.seats.values())
        )

    def _timely(self, windows: Iterable[HeardWindow]) -> Iterable[HeardWindow]:
        now = self.clock.now_ms()
        for window in windows:
            if now - _OLDEST_WINDOW_MS <= window.started_ms <= now + _NEWEST_WINDOW_MS:
                yield window
