"""What the nights to come will send, until when, and how far it is: for `sync plan`, `sync status`,
the console's footer and whoever opens an exam."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

from appliance.core.batch import goes, priority
from appliance.core.exam import Exam, ExamState
from appliance.core.feed import NightLine
from appliance.core.ids import ExamId
from appliance.core.night_forecast import Forecast, Measured, exam_bytes, forecast
from appliance.core.night_window import THE_NIGHT, Span, Window, current, spans
from appliance.core.pack_journal import PackJournal, PackState
from appliance.core.ports import AttemptStore, Clock, ExamStore, SnippetStore
from appliance.core.schedule import start_of
from appliance.core.settings import SyncScope
from appliance.core.snippet import PriorityClass

MEASURED_BIT_S, LAST_VERIFIED_MS = "sync.measured_bit_s", "sync.last_verified_ms"
FOOTAGE_BYTE_S, FLAGGED_SHARE = "sync.footage_byte_s", "sync.flagged_share"
PAUSED = "sync.paused"
_TO_COME = frozenset({ExamState.DRAFT, ExamState.READY, ExamState.OPEN, ExamState.LIVE})
_MINUTE_MS = 60_000
_HELD_SHARE = 0.1  # a line below its cap waits for it too, while the kernel's buffers fill
_WEIGHT = 0.5  # of the newest exam in what the box knows about bitrates


class Facts(Protocol):
    """Small things the box remembers by name."""

    async def put(self, name: str, value: bytes) -> None: ...

    async def get(self, name: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NightStatus:
    backlog_bytes: int
    backlog_packs: int  # that are made up; what is not packed yet is in `backlog_bytes` only
    sent_bytes: int  # that the store has, and that are not proven yet
    confirmed_packs: int
    confirmed_bytes: int
    last_verified_ms: int | None
    window: Span | None  # the one that is open
    next_window: Span | None
    paused: bool


class Night:
    """`windows` are those the box keeps to."""

    def __init__(
        self,
        exams: ExamStore,
        attempts: AttemptStore,
        snippets: SnippetStore,
        journal: PackJournal,
        facts: Facts,
        clock: Clock,
        *,
        windows: Sequence[Window] = THE_NIGHT,
        zone: tzinfo | None = None,
    ) -> None:
        self._exams = exams
        self._attempts = attempts
        self._snippets = snippets
        self._journal = journal
        self._facts = facts
        self._clock = clock
        self._windows = tuple(windows)
        self._zone = zone

    async def plan(self, only: ExamId | None = None) -> Forecast:
        """Everything that is closed and not yet sent, as it lies there, and everything to come, by
        roster, settings and what was measured; in the order it will go."""
        sizes = dict.fromkeys(PriorityClass, 0)
        begins_ms = self._clock.now_ms()
        measured = await self._measured()
        for exam in await self._exams.all():
            if only is not None and exam.exam_id != only:
                continue
            if exam.state is ExamState.CLOSED:
                _add(sizes, await self._backlog(exam))
            elif exam.state in _TO_COME:
                _add(sizes, await self._expected(exam, measured))
                begins_ms = max(begins_ms, self._ends_ms(exam))
        return self._forecast(sizes, begins_ms, measured)

    async def backlog(self) -> Forecast:
        """What is closed and not yet sent."""
        sizes = await self._waiting()
        return self._forecast(sizes, self._clock.now_ms(), await self._measured())

    async def after(self, exam: Exam) -> Forecast:
        """What is closed and not yet sent and, with it, an exam that is about to start."""
        measured, sizes = await self._measured(), await self._waiting()
        _add(sizes, await self._expected(exam, measured))
        return self._forecast(sizes, self._ends_ms(exam), measured)

    async def line(self) -> NightLine | None:
        """For the console's footer; None when there is nothing to send."""
        backlog = await self.backlog()
        if not backlog.bytes:
            return None
        return NightLine(
            bytes=backlog.bytes,
            nights=backlog.nights,
            finishes_ms=backlog.finishes_ms,
            paused=await self.paused(),
        )

    async def status(self) -> NightStatus:
        backlog_bytes = backlog_packs = sent_bytes = confirmed_packs = confirmed_bytes = 0
        for exam in await self._exams.all():
            if exam.state is ExamState.CLOSED:
                backlog_bytes += sum((await self._backlog(exam)).values())
            for head in await self._journal.heads(exam.exam_id):
                if head.state is PackState.CONFIRMED:
                    confirmed_packs += 1
                    confirmed_bytes += head.size
                elif head.state is PackState.PLANNED:
                    backlog_packs += 1
                else:
                    sent_bytes += head.size
        verified = await self._facts.get(LAST_VERIFIED_MS)
        now_ms = self._clock.now_ms()
        coming = (s for s in spans(self._windows, now_ms, self._zone) if not s.holds(now_ms))
        return NightStatus(
            backlog_bytes=backlog_bytes,
            backlog_packs=backlog_packs,
            sent_bytes=sent_bytes,
            confirmed_packs=confirmed_packs,
            confirmed_bytes=confirmed_bytes,
            last_verified_ms=None if verified is None else int(verified),
            window=current(self._windows, now_ms, self._zone),
            next_window=next(coming, None),
            paused=await self.paused(),
        )

    async def pause(self, paused: bool) -> None:
        """A run that is going on stops within seconds, and takes up nothing it has done."""
        await self._facts.put(PAUSED, b"1" if paused else b"")

    async def paused(self) -> bool:
        return bool(await self._facts.get(PAUSED))

    async def remember_speed(
        self, sent_bytes: int, seconds: float, *, held_back_s: float = 0.0
    ) -> None:
        """A short run says little about the line: under a megabyte is not remembered. Nor is a run
        that a cap held back for a tenth of its time: it measured the cap."""
        if sent_bytes >= 1_000_000 and seconds > 0 and held_back_s < _HELD_SHARE * seconds:
            rate = round(8 * sent_bytes / seconds)
            await self._facts.put(MEASURED_BIT_S, str(rate).encode())

    async def remember_verified(self) -> None:
        await self._facts.put(LAST_VERIFIED_MS, str(self._clock.now_ms()).encode())

    async def learn(self, exam: ExamId) -> None:
        """Remember what an exam's footage weighed, before the box lets go of it."""
        flagged = await self._journal.flagged(exam)
        seconds = size = near = 0.0
        for attempt in await self._attempts.of_exam(exam):
            numbers = flagged.get(attempt.attempt_id, ())
            for row in await self._snippets.snippets(attempt.attempt_id):
                seconds += row.duration_s
                size += row.stored.size
                near += row.stored.size if row.sequence in numbers else 0
        if seconds < 60:  # a rehearsal of a minute says nothing about a hall
            return
        await self._average(FOOTAGE_BYTE_S, size / seconds)
        await self._average(FLAGGED_SHARE, near / size)

    async def _average(self, name: str, newest: float) -> None:
        known = await self._number(name)
        value = newest if known is None else _WEIGHT * newest + (1 - _WEIGHT) * known
        await self._facts.put(name, repr(value).encode())

    async def _number(self, name: str) -> float | None:
        value = await self._facts.get(name)
        return float(value) if value else None

    async def _measured(self) -> Measured:
        speed = await self._number(MEASURED_BIT_S)
        return Measured(
            footage_byte_s=await self._number(FOOTAGE_BYTE_S),
            flagged_share=await self._number(FLAGGED_SHARE),
            line_bit_s=None if speed is None else round(speed),
        )

    async def _waiting(self) -> dict[PriorityClass, int]:
        sizes = dict.fromkeys(PriorityClass, 0)
        for exam in await self._exams.all():
            if exam.state is ExamState.CLOSED:
                _add(sizes, await self._backlog(exam))
        return sizes

    async def _backlog(self, exam: Exam) -> dict[PriorityClass, int]:
        sizes = dict.fromkeys(PriorityClass, 0)
        scope = exam.settings.sync
        if scope is SyncScope.NONE:
            return sizes
        flagged = await self._journal.flagged(exam.exam_id)
        for rows in await self._journal.unpacked(exam.exam_id):
            kind = priority(rows.kind, near=rows.near)
            if kind and goes(kind, scope, attempt_flagged=bool(flagged.get(rows.attempt_id))):
                sizes[kind] += rows.bytes
        for head in await self._journal.heads(exam.exam_id):
            if head.state is PackState.PLANNED:
                sizes[head.priority] += head.size
        return sizes

    async def _expected(self, exam: Exam, measured: Measured) -> dict[PriorityClass, int]:
        attempts = await self._attempts.of_exam(exam.exam_id)
        extra = sum(attempt.extra_minutes for attempt in attempts)
        return exam_bytes(exam.settings, len(attempts), extra, measured)

    def _ends_ms(self, exam: Exam) -> int:
        begins_ms = exam.started_ms or self._planned_ms(exam)
        return begins_ms + exam.settings.duration_minutes * _MINUTE_MS

    def _planned_ms(self, exam: Exam) -> int:
        """The planned start, by the school's clock where it names no zone; now at the earliest."""
        now_ms, start = self._clock.now_ms(), start_of(exam.settings)
        if start is None:
            return now_ms
        if start.tzinfo is None:
            start = start.replace(tzinfo=self._zone)
        return max(now_ms, round(start.timestamp() * 1000))

    def _forecast(
        self, sizes: Mapping[PriorityClass, int], begins_ms: int, measured: Measured
    ) -> Forecast:
        opening = spans(self._windows, begins_ms, self._zone)
        return forecast(sizes, opening, begins_ms, measured.line_bit_s)


def _add(sizes: dict[PriorityClass, int], more: Mapping[PriorityClass, int]) -> None:
    for kind, size in more.items():
        sizes[kind] += size
