"""What tonight will send, and how far it is: figures for `sync plan` and `sync status`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from appliance.core.batch import bytes_by_class
from appliance.core.exam import ExamState
from appliance.core.pack_journal import PackJournal, PackState
from appliance.core.ports import Clock, ExamStore
from appliance.core.settings import SyncScope
from appliance.core.snippet import PriorityClass
from appliance.services.batching import Batching

MEASURED_BIT_S, LAST_VERIFIED_MS = "sync.measured_bit_s", "sync.last_verified_ms"
_TO_SEND = frozenset({ExamState.CLOSED})


class Facts(Protocol):
    """Small things the box remembers by name."""

    async def put(self, name: str, value: bytes) -> None: ...

    async def get(self, name: str) -> bytes | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class NightPlan:
    """`finishes_ms` is None until a night has measured the line."""

    bytes: int
    order: tuple[tuple[PriorityClass, int], ...]
    finishes_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NightStatus:
    backlog_bytes: int
    backlog_packs: int
    confirmed_packs: int
    confirmed_bytes: int
    last_verified_ms: int | None


class Night:
    def __init__(
        self,
        exams: ExamStore,
        journal: PackJournal,
        batching: Batching,
        facts: Facts,
        clock: Clock,
    ) -> None:
        self._exams = exams
        self._journal = journal
        self._batching = batching
        self._facts = facts
        self._clock = clock

    async def plan(self) -> NightPlan:
        """Everything closed and not yet sent, in the order it will go."""
        sizes = bytes_by_class(())
        for exam in await self._exams.all():
            if exam.state not in _TO_SEND or exam.settings.sync is SyncScope.NONE:
                continue
            for priority, size in bytes_by_class(await self._batching.forecast(exam)).items():
                sizes[priority] += size
            for pack in await self._journal.packs(exam.exam_id):
                if pack.state is PackState.PLANNED:
                    sizes[pack.priority] += pack.size
        total = sum(sizes.values())
        return NightPlan(
            bytes=total, order=tuple(sizes.items()), finishes_ms=await self._finishes(total)
        )

    async def status(self) -> NightStatus:
        backlog_bytes = backlog_packs = confirmed_packs = confirmed_bytes = 0
        for exam in await self._exams.all():
            for pack in await self._journal.packs(exam.exam_id):
                if pack.state is PackState.CONFIRMED:
                    confirmed_packs += 1
                    confirmed_bytes += pack.size
                else:
                    backlog_packs += 1
                    backlog_bytes += pack.size
            if exam.state in _TO_SEND:
                for plan in await self._batching.forecast(exam):
                    backlog_packs += 1
                    backlog_bytes += plan.size
        verified = await self._facts.get(LAST_VERIFIED_MS)
        return NightStatus(
            backlog_bytes=backlog_bytes,
            backlog_packs=backlog_packs,
            confirmed_packs=confirmed_packs,
            confirmed_bytes=confirmed_bytes,
            last_verified_ms=None if verified is None else int(verified),
        )

    async def remember_speed(self, sent_bytes: int, seconds: float) -> None:
        """A short run says little about the line: under a megabyte is not remembered."""
        if sent_bytes >= 1_000_000 and seconds > 0:
            rate = round(8 * sent_bytes / seconds)
            await self._facts.put(MEASURED_BIT_S, str(rate).encode())

    async def remember_verified(self) -> None:
        await self._facts.put(LAST_VERIFIED_MS, str(self._clock.now_ms()).encode())

    async def _finishes(self, total: int) -> int | None:
        measured = await self._facts.get(MEASURED_BIT_S)
        if measured is None or int(measured) <= 0:
            return None
        return self._clock.now_ms() + 8 * total * 1000 // int(measured)
