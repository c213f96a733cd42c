"""Looking at snippets: which measurements may be asked for, and what becomes of them.

A snippet is never lost here: it is kept before anyone looks at it, and one that cannot be looked
at stays marked so. What a worker remembers and what the rules remember of an attempt lives in
memory only, until `forget`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field

from appliance.core import rules
from appliance.core.accommodation import permitted_for
from appliance.core.attempt import FINISHED, Attempt, AttemptState, CameraState
from appliance.core.errors import HallvaktError
from appliance.core.exam import Exam
from appliance.core.feed import Announcement, FeedKind
from appliance.core.ids import AttemptId, ExamId, ObservationId
from appliance.core.messages import AnalyseSnippet, SnippetMeasured
from appliance.core.observation import HallEvent, Incident, ObservationKind
from appliance.core.overload import FEWER_FRAMES, LeftOut
from appliance.core.ports import Clock, MediaWorkers, ObservationStore, Randomness, SnippetStore
from appliance.core.processing import Category
from appliance.core.rules import RuleState
from appliance.core.snippet import Snippet
from appliance.services.incident_book import IncidentBook, Publish, Written
from appliance.services.keyed_locks import KeyedLocks
from appliance.services.turns import Turns

# What a worker can be asked for; the other categories are no measurements.
_MEASURED = frozenset(
    {
        Category.THUMBNAIL,
        Category.SOUND_PRESENCE,
        Category.PICTURE_QUALITY,
        Category.FACE_COUNT,
        Category.HEAD_POSE,
        Category.DESCRIPTOR,
    }
)
_TRY_AGAIN = frozenset({"worker-died"})  # not one that ran over time: it would cost that twice
_WITHOUT = {
    LeftOut.HEAD_POSE: Category.HEAD_POSE,
    LeftOut.THUMBNAILS: Category.THUMBNAIL,
}
_RECORDING_WITHIN_S = 90.0  # a seat heard of this recently counts as recording

KeepThumbnail = Callable[[AttemptId, int, bytes], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What came of one look. `measured` is False when nothing was to be measured or it failed;
    `failure` then is a stable word. `thumbnail`: a new picture was handed on."""

    measured: bool = False
    thumbnail: bool = False
    failure: str | None = None
    incidents: tuple[Incident, ...] = ()
    hall_events: tuple[HallEvent, ...] = ()


@dataclass(slots=True)
class _Watched:
    """One attempt in memory. `worker_state` is what the worker returned last time."""

    exam: Exam
    attempt: Attempt
    rules: RuleState
    turns: Turns = field(default_factory=Turns)
    worker_state: bytes = b""
    looked_at: float = 0.0
    failing: bool = False
    known: bool = False  # what an earlier gateway left open has been ended


class Watch:
    """`publish` is called for incidents, hall events and announcements; `keep_thumbnail` seals
    and keeps a picture. `locks` guards incidents by exam id, see `IncidentBook`."""

    def __init__(
        self,
        *,
        workers: MediaWorkers,
        observations: ObservationStore,
        snippets: SnippetStore,
        clock: Clock,
        randomness: Randomness,
        publish: Publish,
        keep_thumbnail: KeepThumbnail,
        locks: KeyedLocks | None = None,
    ) -> None:
        self._workers = workers
        self._snippets = snippets
        self._clock = clock
        self._randomness = randomness
        self._publish = publish
        self._keep_thumbnail = keep_thumbnail
        self._book = IncidentBook(observations, randomness, publish, locks or KeyedLocks())
        self._watched: dict[AttemptId, _Watched] = {}
        self._failures: Counter[ExamId] = Counter()

    async def look(
        self,
        exam: Exam,
        attempt: Attempt,
        snippet: Snippet,
        media: bytes,
        reference: bytes | None,
        left_out: Collection[LeftOut] = (),
    ) -> Looked:
        """Measure `snippet`, judge it, write down and publish what changed.

        `media` is the stripped plaintext, `reference` the seat's own descriptor, `left_out` what
        there is no time for now. Snippets of one
        attempt are taken one at a time, the lowest waiting number first. Late uploads (after
        close) are not looked at. A worker's failure is counted, announced and returned, not
        raised; what the stores raise is.
        """
        if snippet.late:
            return Looked()
        watched = self._watch(exam, attempt)
        watched.exam, watched.attempt = exam, attempt  # now: `pause` may bring newer ones
        async with watched.turns.turn(snippet.sequence):
            if self._watched.get(attempt.attempt_id) is not watched:
                return Looked()  # forgotten while it waited: the exam is closed
            return await self._look(watched, snippet, media, reference, left_out)

    async def pause(self, exam: Exam, attempt: Attempt) -> None:
        """A break, hand-in or the end: what holds now ends; nothing is judged until recording
        goes on (then `look` does it by itself)."""
        watched = self._watched.get(attempt.attempt_id)
        if watched is not None:
            watched.attempt = attempt
            await self._end_runs(watched)

    async def settle(self, exam: ExamId) -> None:
        """End what still holds at seats that have sent nothing for a while: nobody knows whether
        it goes on. Call it now and then."""
        long_ago = self._clock.monotonic() - _RECORDING_WITHIN_S
        for watched in list(self._watched.values()):
            if watched.exam.exam_id == exam and watched.looked_at < long_ago and watched.rules.runs:
                await self._end_runs(watched)

    def hall_events(self, exam: ExamId) -> tuple[HallEvent, ...]:
        return self._book.hall_events(exam)

    async def heard_in_hall(self, exam: ExamId, events: tuple[HallEvent, ...]) -> None:
        """What the hall's own microphone heard; nothing is written once the exam is closed."""
        await self._book.heard_in_hall(exam, events)

    def failures(self, exam: ExamId) -> int:
        """How many snippets could not be looked at since the gateway started."""
        return self._failures[exam]

    def forget(self, attempt: AttemptId) -> None:
        """Drop what is remembered of a person; looks that wait or run write nothing more."""
        self._watched.pop(attempt, None)

    async def forget_exam(self, exam: ExamId) -> None:
        """When it returns, nothing of the exam is in memory and nothing more is written."""
        for attempt in [a for a, w in self._watched.items() if w.exam.exam_id == exam]:
            self.forget(attempt)
        await self._book.close(exam)
        self._failures.pop(exam, None)

    # --- one look ------------------------------------------------------------------------------

    def _watch(self, exam: Exam, attempt: Attempt) -> _Watched:
        watched = self._watched.get(attempt.attempt_id)
        if watched is None:
            watched = _Watched(exam, attempt, RuleState(attempt_id=attempt.attempt_id))
            self._watched[attempt.attempt_id] = watched
        return watched

    async def _look(
        self,
        watched: _Watched,
        snippet: Snippet,
        media: bytes,
        reference: bytes | None,
        left_out: Collection[LeftOut],
    ) -> Looked:
        exam, attempt = watched.exam, watched.attempt
        if not watched.known:
            await self._book.end_stale(exam, attempt)
            watched.known = True
        watched.looked_at = self._clock.monotonic()
        asked = _asked(exam, attempt, reference) - {
            category for one, category in _WITHOUT.items() if one in left_out
        }
        until_ms = _judged_until(attempt)
        if not asked or (until_ms is not None and snippet.started_ms >= until_ms):
            await self._snippets.mark_analysed(attempt.attempt_id, snippet.sequence)
            return Looked()
        late = snippet.sequence < watched.rules.last_sequence
        request = AnalyseSnippet(
            media=media,
            permitted=asked,
            descriptor=exam.settings.descriptor,
            reference=reference if Category.DESCRIPTOR in asked else None,
            state=b"" if late else watched.worker_state,
            seat_face_share=exam.settings.rules.seat_face_share,
            analyse_every_s=exam.settings.rules.analyse_every_s
            * (FEWER_FRAMES if LeftOut.HALF_THE_FRAMES in left_out else 1.0),
        )
        measured = await self._measure(request)
        if self._watched.get(attempt.attempt_id) is not watched:
            return Looked()
        if isinstance(measured, str):
            return self._failed(watched, measured)
        watched.failing = False
        if not late:
            watched.worker_state = measured.state
        thumbnail = await self._hand_on_thumbnail(watched, snippet, measured, asked)
        written = await self._judge(watched, snippet, measured, asked)
        await self._snippets.mark_analysed(attempt.attempt_id, snippet.sequence)
        return Looked(
            measured=True,
            thumbnail=thumbnail,
            incidents=written.incidents,
            hall_events=written.hall_events,
        )

    async def _measure(self, request: AnalyseSnippet) -> SnippetMeasured | str:
        """The measurements, or why there are none. A worker that died may have died of another
        snippet, so this one is tried once more."""
        code = ""
        for _ in range(2):
            try:
                reply = await self._workers.ask(request)
            except HallvaktError as error:
                return error.code
            if isinstance(reply, SnippetMeasured):
                return reply
            code = getattr(reply, "code", "wrong-reply")
            if code not in _TRY_AGAIN:
                break
        return code

    def _failed(self, watched: _Watched, code: str) -> Looked:
        exam, attempt = watched.exam, watched.attempt
        self._failures[exam.exam_id] += 1
        if not watched.failing:  # once, not every ten seconds
            self._announce(
                watched,
                f"{attempt.seat.label}: the latest footage is kept but could not be looked at. "
                "Keep an eye on the seat yourself.",
            )
        watched.failing = True
        return Looked(failure=code)

    async def _hand_on_thumbnail(
        self,
        watched: _Watched,
        snippet: Snippet,
        measured: SnippetMeasured,
        asked: frozenset[Category],
    ) -> bool:
        if measured.thumbnail is None or Category.THUMBNAIL not in asked:
            return False
        try:
            await self._keep_thumbnail(snippet.attempt_id, snippet.sequence, measured.thumbnail)
        except HallvaktError as error:  # a missing still must not stop the judging
            self._announce(watched, f"{watched.attempt.seat.label}: no picture. {error.message}")
            return False
        return True

    async def _judge(
        self,
        watched: _Watched,
        snippet: Snippet,
        measured: SnippetMeasured,
        asked: frozenset[Category],
    ) -> Written:
        until_ms = _judged_until(watched.attempt)  # a break may have begun while it was measured
        state, events = rules.advance(
            watched.rules,
            snippet_started_ms=snippet.started_ms,
            sequence=snippet.sequence,
            frames=measured.frames,
            sound=measured.sound,
            thresholds=watched.exam.settings.rules,
            permitted=asked,
            new_id=lambda: ObservationId(self._randomness.new_id()),
            muted=_muted(watched.attempt),
            until_ms=until_ms,
        )
        if until_ms is not None:  # nothing goes on into a break or past hand-in
            state, ends = rules.finish(state, watched.exam.settings.rules)
            events += ends
        watched.rules = state
        return await self._write(watched, events)

    async def _end_runs(self, watched: _Watched) -> None:
        state, events = rules.finish(watched.rules, watched.exam.settings.rules)
        watched.rules = state
        await self._write(watched, events)

    async def _write(self, watched: _Watched, events: tuple[rules.RuleEvent, ...]) -> Written:
        hall = watched.attempt.seat.hall
        recently = self._clock.monotonic() - _RECORDING_WITHIN_S
        recording = sum(
            w.exam.exam_id == watched.exam.exam_id
            and w.attempt.seat.hall == hall
            and w.looked_at >= recently
            for w in self._watched.values()
        )
        return await self._book.write(watched.exam, watched.attempt, events, recording)

    def _announce(self, watched: _Watched, text: str) -> None:
        self._publish(
            watched.exam.exam_id,
            FeedKind.NOTICE,
            Announcement(level="warning", text=text, attempt_id=watched.attempt.attempt_id),
        )


def _asked(exam: Exam, attempt: Attempt, reference: bytes | None) -> frozenset[Category]:
    """What may be measured of this seat now: no vector where there is nothing to compare with,
    or where a person has already compared."""
    asked = permitted_for(exam.settings.features, attempt) & _MEASURED
    if attempt.camera is CameraState.WATCHED:
        asked &= {Category.THUMBNAIL}  # a person watches: no camera is judged
    if reference is None or attempt.identity_checked_by_hand:
        asked -= {Category.DESCRIPTOR}
    return asked


def _muted(attempt: Attempt) -> frozenset[ObservationKind]:
    if attempt.identity_checked_by_hand:
        return frozenset({ObservationKind.OTHER_PERSON})
    return frozenset()


def _judged_until(attempt: Attempt) -> int | None:
    """Footage from here on is not judged, whenever it arrives; None: all of it is."""
    if attempt.state is AttemptState.ON_BREAK:
        return attempt.break_started_ms or 0
    if attempt.state in FINISHED:
        return attempt.finished_ms or 0
    return None
