"""A watch over scripted workers and stores in memory, and seats that send snippets to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.core.attempt import Attempt, AttemptState
from appliance.core.errors import HallvaktError
from appliance.core.exam import Exam, ExamState, Seat
from appliance.core.feed import Announcement, FeedData, FeedKind
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName
from appliance.core.messages import (
    AnalyseSnippet,
    SnippetMeasured,
    WorkerFailed,
    WorkerReply,
    WorkerRequest,
)
from appliance.core.observation import HallEvent, Incident
from appliance.core.settings import Basis, ExamSettings, Features, Retention
from appliance.core.snippet import ObjectHeader, ObjectKind, Snippet, StoredObject
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.watch import Looked, Watch
from tests.support.fake_clock import FakeClock
from tests.support.fake_randomness import FakeRandomness
from tests.support.measurements import START_MS, Measured
from tests.support.memory_stores import MemoryObservations, MemorySnippets

EXAM = ExamId("e" * 32)
REFERENCE = b"reference"
ALL_ON = Features(
    live_view=True,
    video_snippets=True,
    face_photo=True,
    audio_presence=True,
    track_misuse_metrics=True,
)


def exam(features: Features = ALL_ON) -> Exam:
    return Exam(
        exam_id=EXAM,
        code="ABC234",
        state=ExamState.LIVE,
        settings=ExamSettings(
            title="Mathematics",
            retention=Retention(days=30),
            features=features,
            basis=Basis(legal_basis="law", dpia_reference="1"),
        ),
        created_ms=START_MS,
        started_ms=START_MS,
    )


def attempt(number: int = 1, state: AttemptState = AttemptState.RECORDING) -> Attempt:
    return Attempt(
        attempt_id=AttemptId(f"{number:032x}"),
        exam_id=EXAM,
        seat=Seat(hall="A", label=f"A{number}"),
        state=state,
        seat_code_hash="",
    )


class ScriptedWorkers:
    """Implements `core.ports.MediaWorkers`: media are keys into a script."""

    def __init__(self) -> None:
        self.script: dict[bytes, Measured] = {}
        self.asked: list[AnalyseSnippet] = []
        self.fail_with: list[str | HallvaktError] = []
        self.thumbnail: bytes | None = b"jpeg"
        self.hold: asyncio.Event | None = None
        self.during: Callable[[], None] | None = None

    async def ask(self, request: WorkerRequest, *, urgent: bool = False) -> WorkerReply:
        assert isinstance(request, AnalyseSnippet)
        self.asked.append(request)
        if self.hold is not None:
            await self.hold.wait()
        if self.during is not None:
            self.during()
        if self.fail_with:
            failure = self.fail_with.pop(0)
            if isinstance(failure, HallvaktError):
                raise failure
            return WorkerFailed(code=failure, message="It failed.")
        measured = self.script[request.media]
        return SnippetMeasured(
            frames=measured.frames,
            sound=measured.sound,
            duration_s=10.0,
            thumbnail=self.thumbnail,
            state=b"after " + request.media,
            cpu_ms={},
        )

    @property
    def waiting(self) -> int:
        return 0

    @property
    def failed(self) -> int:
        return 0

    @property
    def alive(self) -> int:
        return 1


@dataclass
class Room:
    workers: ScriptedWorkers = field(default_factory=ScriptedWorkers)
    observations: MemoryObservations = field(default_factory=MemoryObservations)
    snippets: MemorySnippets = field(default_factory=MemorySnippets)
    clock: FakeClock = field(default_factory=FakeClock)
    randomness: FakeRandomness = field(default_factory=FakeRandomness)
    locks: KeyedLocks = field(default_factory=KeyedLocks)
    published: list[FeedData] = field(default_factory=list)
    thumbnails: list[tuple[AttemptId, int, bytes]] = field(default_factory=list)
    thumbnail_error: HallvaktError | None = None
    exam: Exam = field(default_factory=exam)

    def __post_init__(self) -> None:
        self.watch = self.gateway()
        self.clock.advance(1_000)

    def gateway(self) -> Watch:
        """A new watch over the same stores, as after a restart."""
        return Watch(
            workers=self.workers,
            observations=self.observations,
            snippets=self.snippets,
            clock=self.clock,
            randomness=self.randomness,
            publish=self._publish,
            keep_thumbnail=self._keep,
            locks=self.locks,
        )

    def _publish(self, exam: ExamId, kind: FeedKind, data: FeedData) -> None:
        assert exam == EXAM
        assert (
            kind.value
            == {
                Incident: "incident",
                HallEvent: "hall_event",
                Announcement: "notice",
            }[type(data)]
        )
        self.published.append(data)

    async def _keep(self, attempt: AttemptId, sequence: int, jpeg: bytes) -> None:
        if self.thumbnail_error is not None:
            raise self.thumbnail_error
        self.thumbnails.append((attempt, sequence, jpeg))

    async def look(
        self,
        who: Attempt,
        measured: Measured,
        *,
        reference: bytes | None = REFERENCE,
        late: bool = False,
    ) -> Looked:
        """Keep a snippet as ingest does, then look at it."""
        media = f"{who.seat.label}/{measured.sequence}".encode()
        self.workers.script[media] = measured
        row = snippet_row(who, measured, late)
        if await self.snippets.snippet(who.attempt_id, measured.sequence) is None:
            await self.snippets.add_snippet(row)
        return await self.watch.look(self.exam, who, row, media, reference)

    def of(self, kind: type[FeedData]) -> list[FeedData]:
        return [data for data in self.published if isinstance(data, kind)]

    @property
    def incidents(self) -> dict[str, Incident]:
        """Each published incident in its last form."""
        return {i.incident_id: i for i in self.published if isinstance(i, Incident)}


def snippet_row(who: Attempt, measured: Measured, late: bool = False) -> Snippet:
    header = ObjectHeader(
        kind=ObjectKind.SNIPPET,
        box_id=BoxId("b" * 32),
        exam_id=EXAM,
        attempt_id=who.attempt_id,
        sequence=measured.sequence,
        epoch=1,
    )
    return Snippet(
        attempt_id=who.attempt_id,
        sequence=measured.sequence,
        plain_sha256="",
        plain_size=1,
        started_ms=measured.started_ms,
        duration_s=10.0,
        stored=StoredObject(
            name=ObjectName(f"{who.seat.label}{measured.sequence}"),
            header=header,
            size=1,
            sha256="",
            stored_ms=0,
        ),
        late=late,
    )
