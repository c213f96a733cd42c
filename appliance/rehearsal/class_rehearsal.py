"""A class of simulated candidates against a box that runs: an exam of its own, measured.

The exam is a real one: real uploads of real video, a live view, a network that goes away for a
while and comes back for everybody in one moment, seats that are empty for some seconds. It is
synced nowhere and retention takes it away the next day.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import random
import ssl
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.core.attempt import AttemptState
from appliance.core.capacity import Held, Readings, capacity
from appliance.core.errors import Unreachable
from appliance.core.ids import AttemptId, ExamId
from appliance.core.observation import ObservationKind
from appliance.rehearsal.box_meter import BoxMeter
from appliance.rehearsal.candidate_client import Answered, CandidateClient
from appliance.rehearsal.class_held import held, observation_delay_s
from appliance.rehearsal.class_report import ClassReport
from appliance.rehearsal.invigilator_client import InvigilatorClient
from appliance.rehearsal.prepared_footage import ClassFootage
from appliance.rehearsal.simulated_candidate import SimulatedCandidate

SNIPPET_S = 10.0
_AT_ONCE = 16  # check-ins under way
_SEATS_A_ROW = 20
_CHECK_IN_S = 300.0
_LAST_ANALYSES_S = 60.0
_LOOK_S = 8.0
_LIVE_VIEWS = 2
_CATCH_UP_S = 60.0  # past its end a short rehearsal goes on for as long, until nothing waits

# Of the footage that is sent (`rehearsal/clips.py`): 150 kbit/s with its sound.
_VIDEO_BIT_S = 130_000
_WHY_STARTED = "rehearsal with a simulated class: nobody relies on its times"
_LONGER_MINUTES = 5  # than it records: nobody's own time ends during a rehearsal

_SETTINGS = f"""\
[exam]
title = "Rehearsal"
language = "en"
duration_minutes = {{minutes}}
late_upload_minutes = 1

[features]
live_view = true
video_snippets = true
face_photo = true
audio_presence = true
track_misuse_metrics = true

[basis]
legal_basis = "rehearsal with staged footage, no pupils"
dpia_reference = "none needed: no personal data"

[capture]
snippet_seconds = {SNIPPET_S:.0f}
video_bits_per_second = {_VIDEO_BIT_S}

[retention]
days = 1

[sync]
what = "none"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxUnderTest:
    """A box that answers at `origin` and keeps its state in `state` on this machine. `link_bit_s`:
    of the card that candidates reach it by, None where that tells no speed."""

    name: str
    origin: str
    tls: ssl.SSLContext = field(repr=False)
    state: Path
    user: str
    passphrase: str = field(repr=False)
    one_time_code: str | None = field(default=None, repr=False)
    link_bit_s: int | None = None
    throw_away: bool = False


@dataclass(slots=True)
class _Seat:
    label: str
    candidate: SimulatedCandidate
    staged: tuple[float, float] | None
    attempt: AttemptId | None = None


async def rehearse(
    box: BoxUnderTest, candidates: int, minutes: float, say: Callable[[str], None]
) -> ClassReport:
    """Raise Unreachable when the class cannot take its seats."""
    seconds = minutes * 60
    say("Preparing the class's footage ...")
    footage = await asyncio.to_thread(ClassFootage, SNIPPET_S, sound=True)
    meter = BoxMeter(box.state)
    async with contextlib.AsyncExitStack() as room:
        lead = InvigilatorClient(box.origin, box.tls)
        room.push_async_callback(lead.close)
        await lead.login(box.user, box.passphrase, box.one_time_code)
        await room.enter_async_context(_metering(meter))
        exam, code, slips = await _prepare(lead, candidates, minutes)
        room.push_async_callback(_put_away, lead, exam)
        lead.follow(exam)
        day = _Day(box, lead, exam, seconds, meter, say)
        seats = [
            _Seat(
                label=slip["seat"],
                staged=(staged := _staged(number, seconds)),
                candidate=SimulatedCandidate(
                    await room.enter_async_context(CandidateClient(box.origin, box.tls)),
                    footage.candidate(number, staged),
                    exam_code=code,
                    seat_code=slip["seat_code"],
                    first_snippet=random.uniform(0.5, 1.0),
                ),
            )
            for number, slip in enumerate(slips)
        ]
        for seat in seats:
            room.push_async_callback(seat.candidate.leave)
        return await day.hold(seats)


@contextlib.asynccontextmanager
async def _metering(meter: BoxMeter) -> AsyncIterator[None]:
    task = asyncio.create_task(meter.run())
    yield
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _prepare(
    lead: InvigilatorClient, candidates: int, minutes: float
) -> tuple[ExamId, str, list[Any]]:
    settings = _SETTINGS.format(minutes=math.ceil(minutes) + _LONGER_MINUTES)
    created = await lead.call("POST", "/exams", json={"settings_toml": settings})
    exam = ExamId(created["exam_id"])
    rows = [
        f"Simulated {n + 1},{n + 1},{_row(n // _SEATS_A_ROW)}{n % _SEATS_A_ROW + 1},Rehearsal,0"
        for n in range(candidates)
    ]
    roster = "\n".join(["name,number,seat,hall,extra_minutes", *rows]) + "\n"
    await lead.call(
        "PUT",
        f"/exams/{exam}/roster",
        data=roster.encode(),
        headers={"Content-Type": "text/csv"},
    )
    await lead.call("POST", f"/exams/{exam}/state", json={"to": "ready"})
    await lead.call("POST", f"/exams/{exam}/state", json={"to": "open"})
    made = await lead.call("GET", f"/exams/{exam}/slips")
    return exam, created["code"], list(made["slips"])


async def _put_away(lead: InvigilatorClient, exam: ExamId) -> None:
    """However the rehearsal ended: an exam left live would keep the box from updating."""
    with contextlib.suppress(Answered, Unreachable):  # closed already, or the box is gone
        await lead.call("POST", f"/exams/{exam}/state", json={"to": "closed"})


def _row(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else f"{_row(number // 26 - 1)}{_row(number % 26)}"


def _staged(number: int, seconds: float) -> tuple[float, float] | None:
    """Every tenth seat is empty for two snippets, spread over the quiet half of the exam."""
    if number % 10:
        return None
    start = (0.1 + 0.25 * random.random()) * seconds
    start -= start % SNIPPET_S
    return start, start + 2 * SNIPPET_S


@dataclass(slots=True)
class _Day:
    box: BoxUnderTest
    lead: InvigilatorClient
    exam: ExamId
    seconds: float
    meter: BoxMeter
    say: Callable[[str], None]
    cut_at: float = math.inf  # Unix seconds

    async def hold(self, seats: list[_Seat]) -> ClassReport:
        self.say(f"{len(seats)} candidates take their seats ...")
        await self._check_in(seats)
        await self.lead.start(self.exam, _WHY_STARTED)
        self.say(f"The exam is live for {self.seconds / 60:g} minutes ...")
        time_is_up = asyncio.Event()
        sitting = [asyncio.create_task(s.candidate.sit_exam(time_is_up)) for s in seats]
        await asyncio.sleep(SNIPPET_S)  # until the first snippets come, nothing is to be measured
        self.meter.begin()
        own_cpu = time.process_time()
        bytes_before = sum(s.candidate.tally.bytes for s in seats)
        shown = await self._quiet_half(seats)
        storm_s = await self._network_goes_away(seats)
        self.meter.end()
        own_cpu = time.process_time() - own_cpu
        received = sum(s.candidate.tally.bytes for s in seats) - bytes_before
        ended_at = time.time()
        time_is_up.set()
        self.say("Everybody hands in; the last snippets are looked at ...")
        await asyncio.gather(*sitting)
        await self.lead.until(lambda v: v.box is None or v.box.backlog == 0, _LAST_ANALYSES_S)
        self.say("Counting what the box has ...")
        found = held(
            [s.candidate.tally for s in seats],
            [d for s in seats if (d := self._delay(s)) is not None],
            kept=await self._kept(seats),
            staged=sum(s.staged is not None for s in seats),
            cut_at=self.cut_at,
            ended_at=ended_at,
            live_views=min(_LIVE_VIEWS, len(seats)),
            live_views_shown=shown,
            storm_seconds=storm_s,
            ended=self.meter.ended,
        )
        await self.lead.call("POST", f"/exams/{self.exam}/state", json={"to": "closed"})
        return self._report(seats, found, received, own_cpu)

    async def _check_in(self, seats: list[_Seat]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(seat: _Seat) -> None:
            async with gate:
                while True:
                    try:
                        return await seat.candidate.check_in()
                    except Answered as no:
                        if no.retry_after_s is None:
                            raise
                        await asyncio.sleep(no.retry_after_s)

        await asyncio.gather(*map(one, seats))
        wanted = {s.label for s in seats}
        here = await self.lead.until(
            lambda view: (
                {s.seat for s in view.seats.values() if s.state is not AttemptState.EXPECTED}
                >= wanted
            ),
            _CHECK_IN_S,
        )
        if not here:
            raise Unreachable(
                f"Not all of {len(seats)} candidates could check in within {_CHECK_IN_S:.0f} s: "
                "try a smaller class, and look at the box's log."
            )
        at = {s.seat: s.attempt_id for s in self.lead.view.seats.values()}
        for seat in seats:
            seat.attempt = at[seat.label]

    async def _quiet_half(self, seats: list[_Seat]) -> int:
        """Returns how many live views showed a picture."""
        until = asyncio.get_running_loop().time() + self.seconds * 0.55
        shown = 0
        for seat in seats[-_LIVE_VIEWS:]:
            assert seat.attempt is not None
            viewer = self.lead.live_viewer(self.exam, seat.attempt)
            watching = asyncio.create_task(viewer.watch())
            await asyncio.wait({watching}, timeout=_LOOK_S)
            viewer.stop()
            await watching
            shown += viewer.tally.frames > 0 and viewer.tally.relayed
        await asyncio.sleep(max(0.0, until - asyncio.get_running_loop().time()))
        return shown

    async def _network_goes_away(self, seats: list[_Seat]) -> float | None:
        """Everybody loses the link and gets it back in one moment. Returns how many seconds later
        what the spools held was there; None when that took longer than could be waited for."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds * 0.45 - SNIPPET_S
        self.say("The network goes away for everybody, and comes back ...")
        self.cut_at = time.time()
        await asyncio.gather(*(s.candidate.cut_link() for s in seats))
        await asyncio.sleep(max(SNIPPET_S, self.seconds * 0.15))
        behind = {id(s): s.candidate.tally.recorded for s in seats}
        for seat in seats:
            seat.candidate.mend_link()
        back = loop.time()
        caught_up = None
        while loop.time() < (end if caught_up is not None else end + _CATCH_UP_S):
            if caught_up is None and all(
                s.candidate.tally.acknowledged >= behind[id(s)] for s in seats
            ):
                caught_up = loop.time() - back
            await asyncio.sleep(0.2)
        return caught_up

    async def _kept(self, seats: list[_Seat]) -> int:
        """Snippets that the box has, as it says itself: an acknowledgement alone proves nothing."""
        kept = 0
        for seat in seats:
            there = await self.lead.call("GET", f"/exams/{self.exam}/attempts/{seat.attempt}")
            kept += len({snippet["sequence"] for snippet in there["snippets"]})
        return kept

    def _delay(self, seat: _Seat) -> float | None:
        """None when the empty seat was not observed (or none was staged)."""
        if seat.staged is None or seat.attempt is None:
            return None
        what = (seat.attempt, ObservationKind.NOBODY_IN_VIEW)
        if what not in self.lead.first_shown_by:
            return None
        seen, shown_by = self.lead.first_seen[what], self.lead.first_shown_by[what]
        return observation_delay_s(seat.candidate.tally, seen, shown_by)

    def _report(
        self, seats: list[_Seat], found: Held, received: int, own_cpu: float
    ) -> ClassReport:
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        disk = os.statvfs(self.box.state)
        read = Readings(
            candidates=len(seats),
            seconds=self.meter.seconds,
            cpu_cores=self.meter.cores_used,
            cores=os.cpu_count() or 1,
            rss_peak_bytes=self.meter.peak_bytes,
            rss_idle_bytes=self.meter.idle_bytes,
            memory_bytes=memory,
            disk_free_bytes=disk.f_bavail * disk.f_frsize,
            received_bytes=received,
            link_bit_s=self.box.link_bit_s,
        )
        return ClassReport(
            box=self.box.name,
            throw_away=self.box.throw_away,
            minutes=self.seconds / 60,
            acknowledged=sum(s.candidate.tally.acknowledged for s in seats),
            read=read,
            class_cores=own_cpu / self.meter.seconds,
            held=found,
            capacity=capacity(read),
        )
