"""The day: an exam with staged candidates, one live view, and the close."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from appliance.core.attempt import AttemptState
from appliance.core.exam import ExamState
from appliance.core.feed import HallView
from appliance.core.ids import AttemptId, ExamId
from appliance.rehearsal.browser import BrowserCandidate
from appliance.rehearsal.camera_files import write_camera, write_microphone
from appliance.rehearsal.candidate_client import Answered, CandidateClient
from appliance.rehearsal.clips import FRAMES_PER_SECOND, StagedFootage
from appliance.rehearsal.invigilator_client import InvigilatorClient
from appliance.rehearsal.live_viewer import LiveViewer
from appliance.rehearsal.material import PEOPLE
from appliance.rehearsal.report import CloseResult, DemoReport, LiveViewResult, StagedResult
from appliance.rehearsal.scenes import Scene
from appliance.rehearsal.school import LEAD, School
from appliance.rehearsal.simulated_candidate import SimulatedCandidate
from appliance.rehearsal.staging import StagedEvent, stage

log = structlog.get_logger()

_CHECK_IN_S = 90.0
_SEATS_A_ROW = 6
_LAST_ANALYSES_S = 20.0
_LOOK_S = 8.0
_WHY_STARTED = "demonstration with staged footage: nobody relies on this machine"
_CAMERA_LOOP_S = 18.0  # about six of the camera's slow movements

SETTINGS = """\
[exam]
title = "Demonstration"
language = "en"
duration_minutes = 60

[features]
live_view = true
video_snippets = true
face_photo = true
audio_presence = true
track_misuse_metrics = true

[basis]
legal_basis = "demonstration with staged footage, no pupils"
dpia_reference = "none needed: no personal data"

[capture]
snippet_seconds = 5

[retention]
days = 30

[rules]
other_person_s = 6  # of 20: an event of a short demonstration lasts 20 s in all

[sync]
what = "all"
"""


@dataclass(slots=True)
class Place:
    """A seat of the demonstration and who sits there."""

    seat: str
    name: str
    events: tuple[StagedEvent, ...] = ()
    in_browser: bool = False
    attempt: AttemptId | None = None
    simulated: SimulatedCandidate | None = None
    browser: BrowserCandidate | None = None


def make_places(candidates: int, browsers: int, seconds: float) -> list[Place]:
    """Seats A1, A2, ...; the last `browsers` are for browsers. The names have a random part, so
    that a search for them afterwards finds them and nothing else."""
    staged = [*stage(candidates, seconds), *([()] * browsers)]
    return [
        Place(
            seat=f"{chr(ord('A') + n // _SEATS_A_ROW)}{n % _SEATS_A_ROW + 1}",
            name=f"Kandidat Å{secrets.token_hex(4)}",
            events=events,
            in_browser=n >= candidates,
        )
        for n, events in enumerate(staged)
    ]


def roster_csv(places: list[Place]) -> str:
    rows = [f"{p.name};{n};{p.seat};Hall A;0" for n, p in enumerate(places, 1)]
    return "\n".join(["name;number;seat;hall;extra_minutes", *rows]) + "\n"


def footage_of(events: tuple[StagedEvent, ...], number: int) -> StagedFootage:
    """The camera of the `number`th candidate; the next of the known people is the other one."""
    person, other = PEOPLE[number % len(PEOPLE)], PEOPLE[(number + 1) % len(PEOPLE)]
    return StagedFootage(person, other, [Scene(e.scene, e.start_s, e.end_s) for e in events])


def _is_closed(view: HallView) -> bool:
    return view.exam is not None and view.exam.state is ExamState.CLOSED


@dataclass(slots=True)
class ExamDay:
    school: School
    places: list[Place]
    seconds: float
    report: DemoReport
    exam: ExamId = field(init=False)
    code: str = ""

    async def prepare(self) -> None:
        """Create the exam, import the roster, open it."""
        settings, roster = self.school.directory / "exam.toml", self.school.directory / "roster.csv"
        settings.write_text(SETTINGS)
        roster.write_text(roster_csv(self.places))
        created: Any = await self.school.as_lead("exam", "create", str(settings))
        self.exam, self.code = ExamId(created["exam_id"]), created["code"]
        await self.school.as_lead("exam", "import-roster", self.exam, str(roster))
        roster.unlink()  # the names are with the box now, sealed
        await self.school.as_lead("exam", "ready", self.exam)
        await self.school.as_lead("exam", "open", self.exam)

    async def slips(self) -> dict[str, dict[str, Any]]:
        made: Any = await self.school.as_lead("exam", "slips", self.exam)
        return {slip["seat"]: slip for slip in made["slips"]}

    @contextlib.asynccontextmanager
    async def invigilator(self) -> AsyncIterator[InvigilatorClient]:
        invigilator = InvigilatorClient(self.school.origin, self.school.tls())
        try:
            await invigilator.login(LEAD, self.school.passphrases.lead)
            invigilator.follow(self.exam)
            yield invigilator
        finally:
            await invigilator.close()

    async def hold(self, invigilator: InvigilatorClient) -> None:
        """Seat everybody, start, look live, wait, let all but one hand in, close, hand in.

        The one who is last is looked at when the exam closes, so that the close has a view to
        end, and hands in afterwards: the last snippets are late uploads.
        """
        async with contextlib.AsyncExitStack() as room:
            await self._seat_everybody(room, invigilator)
            why = await invigilator.reason_to_start(self.exam, _WHY_STARTED)
            reason = ("--override", why) if why else ()
            await self.school.as_lead("exam", "start", self.exam, *reason)
            began = time.time()
            last = next((p for p in reversed(self.places) if p.simulated), self.places[-1])
            time_is_up, all_over = asyncio.Event(), asyncio.Event()
            sitting = {
                place.seat: asyncio.create_task(
                    place.simulated.sit_exam(all_over if place is last else time_is_up)
                )
                for place in self.places
                if place.simulated
            }
            await self._look_for_a_while(invigilator, self.places[-1])
            closing_view, watching = self._look_live(invigilator, last)
            await invigilator.until(_is_closed, max(0.0, began + self.seconds - time.time()))
            time_is_up.set()
            await asyncio.gather(*(t for seat, t in sitting.items() if seat != last.seat))
            for place in self.places:
                if place.browser and place is not last:
                    await place.browser.hand_in()
            await self._wait_for_last_analyses(invigilator)
            self._count_observations(invigilator)
            await self._close(invigilator, closing_view, watching)
            all_over.set()
            await asyncio.gather(*sitting.values())
            if last.browser:
                await last.browser.hand_in()
        self._count_snippets()

    async def _seat_everybody(
        self, room: contextlib.AsyncExitStack, invigilator: InvigilatorClient
    ) -> None:
        slips = await self.slips()
        for place in self.places:
            slip = slips[place.seat]
            if place.in_browser:
                place.browser = await room.enter_async_context(await self._browser(place))
                continue
            client = await room.enter_async_context(
                CandidateClient(self.school.origin, self.school.tls())
            )
            place.simulated = SimulatedCandidate(
                client,
                footage_of(place.events, self.places.index(place)),
                exam_code=self.code,
                seat_code=slip["seat_code"],
            )
            room.push_async_callback(place.simulated.leave)
        await asyncio.gather(*(self._check_in(p, slips[p.seat]["url"]) for p in self.places))
        expected = {p.seat for p in self.places}
        everybody_here = await invigilator.until(
            lambda view: (
                {s.seat for s in view.seats.values() if s.state is not AttemptState.EXPECTED}
                >= expected
            ),
            _CHECK_IN_S,
        )
        if not everybody_here:
            log.warning("not everybody checked in", seconds=_CHECK_IN_S)
        by_seat = {s.seat: s.attempt_id for s in invigilator.view.seats.values()}
        for place in self.places:
            place.attempt = by_seat[place.seat]

    async def _browser(self, place: Place) -> BrowserCandidate:
        number = self.places.index(place)
        footage = footage_of((), number)
        files = self.school.directory / "cameras"
        files.mkdir(exist_ok=True)
        moments = [n / FRAMES_PER_SECOND for n in range(round(_CAMERA_LOOP_S * FRAMES_PER_SECOND))]
        picture = await asyncio.to_thread(
            write_camera, files / f"{number}.y4m", map(footage.picture, moments), FRAMES_PER_SECOND
        )
        sound = write_microphone(files / f"{number}.wav", footage.sound(0.0, _CAMERA_LOOP_S))
        return BrowserCandidate(self.school.ca, picture=picture, sound=sound)

    async def _check_in(self, place: Place, url: str) -> None:
        if place.simulated:
            await place.simulated.check_in()
        elif place.browser:
            await place.browser.check_in(url)

    def _look_live(
        self, invigilator: InvigilatorClient, place: Place
    ) -> tuple[LiveViewer, asyncio.Task[None]]:
        assert place.attempt is not None
        viewer = invigilator.live_viewer(self.exam, place.attempt)
        return viewer, asyncio.create_task(viewer.watch())

    async def _look_for_a_while(self, invigilator: InvigilatorClient, place: Place) -> None:
        """The view that the report tells of: of a browser where there is one."""
        viewer, watching = self._look_live(invigilator, place)
        await asyncio.wait({watching}, timeout=min(_LOOK_S, self.seconds / 4))
        viewer.stop()
        await watching
        tally = viewer.tally
        self.report.live_view = LiveViewResult(
            relayed=tally.relayed, first_frame_ms=tally.first_frame_ms, frames=tally.frames
        )

    async def _wait_for_last_analyses(self, invigilator: InvigilatorClient) -> None:
        await invigilator.until(
            lambda view: view.box is None or view.box.backlog == 0, _LAST_ANALYSES_S
        )

    def _count_observations(self, invigilator: InvigilatorClient) -> None:
        incidents = list(invigilator.view.incidents.values())
        self.report.incidents = len(incidents)
        kinds = Counter(o.kind.value for i in incidents for o in i.observations)
        self.report.observations = dict(kinds)
        for place in self.places:
            for event in place.events:
                if place.simulated and place.simulated.seconds_recorded() < event.end_s:
                    continue  # a person closed the exam before it was staged
                self.report.staged.append(self._result_of(place, event, invigilator))

    def _count_snippets(self) -> None:
        for place in self.places:
            done = (
                place.simulated.tally if place.simulated else place.browser and place.browser.tally
            )
            if done:
                self.report.snippets.acknowledged += done.acknowledged
                self.report.snippets.lost += done.recorded - done.acknowledged
                self.report.snippets.bytes += done.bytes

    def _result_of(
        self, place: Place, event: StagedEvent, invigilator: InvigilatorClient
    ) -> StagedResult:
        assert place.simulated is not None
        started = (place.simulated.tally.started_recording_ms or 0) / 1000 + event.start_s
        seen = [
            at
            for (attempt, kind), at in invigilator.first_seen.items()
            if attempt == place.attempt and kind in event.observed_as and at >= started
        ]
        return StagedResult(
            event=event.scene.value,
            seat=place.seat,
            observed=bool(seen),
            delay_s=round(min(seen) - started, 1) if seen else None,
        )

    async def _close(
        self, invigilator: InvigilatorClient, viewer: LiveViewer, watching: asyncio.Task[None]
    ) -> None:
        view = viewer.tally
        asked = time.monotonic()
        if not _is_closed(invigilator.view):  # else a person at the console was first
            await invigilator.call(
                "POST", f"/exams/{self.exam}/state", json={"to": ExamState.CLOSED}
            )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(watching, 5)
        can_open, why = await self._try_to_open(invigilator)
        ended = None if view.ended_at is None else round(max(0.0, view.ended_at - asked), 2)
        self.report.closed = CloseResult(
            views_ended_s=ended,
            live_key_destroyed=not any((self.school.state / "live").glob("*/*")),
            box_can_open=can_open,
            why_not=why,
        )

    async def _try_to_open(self, invigilator: InvigilatorClient) -> tuple[bool, str]:
        """Ask the closed box for a snippet of each seat."""
        why = ""
        for place in self.places:
            assert place.attempt is not None
            try:
                await invigilator.film_strip(self.exam, place.attempt, 1)
            except Answered as no:
                why = str(no)
            else:
                return True, ""
        return False, why
