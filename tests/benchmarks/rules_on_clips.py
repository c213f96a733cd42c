"""How the rules do on staged footage: `python -m tests.benchmarks.rules_on_clips --json`.

Footage as of a browser goes through a real media worker in its sandbox and through the rules with
their default thresholds. Events staged in short clips give recall and precision per kind; hours of
ordinary footage, in which nothing is staged, give false alarms per candidate-hour.

`--images DIR` takes more people from a folder in LFW layout (a person with two photographs or more:
one for check-in, one for the exam, cut out of their background, in which other people stand);
without it they are the five photographs of the rehearsal. Press photographs of one person may lie
years, a beard or dark glasses apart, which no check-in does; with `--one-photo` the same one serves
for both, in other light, place and pose, which is easier than a check-in. The truth lies between.

Ordinary footage is made by `--processes` side by side, and only the pictures at which the worker
looks. Turned heads are synthetic (`tests/support/turned_heads.py`). Staged clips are not field
footage: a school's pilot is to confirm the figures.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import cv2
import numpy as np

from appliance.core.ids import AttemptId, ObservationId
from appliance.core.messages import (
    AnalyseSnippet,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
)
from appliance.core.observation import Observation, ObservationKind
from appliance.core.processing import permitted
from appliance.core.rule_strength import threshold_s
from appliance.core.rules import ObservationStarted, RuleEvent, RuleState, advance
from appliance.core.settings import Features, RuleThresholds
from appliance.rehearsal.clips import jpeg
from appliance.rehearsal.scenes import SceneKind
from tests.support.media_workers import WorkerProcess, media_worker
from tests.support.seat_footage import Seat, Staged, people, snippets
from tests.support.turned_heads import Photo, alone

PERMITTED = permitted(
    Features(video_snippets=True, face_photo=True, audio_presence=True, track_misuse_metrics=True)
)
STARTED_MS = 1_780_000_000_000
_BEFORE_S, _AFTER_S = 30.0, 20.0
_LATE_S = 20.0  # similarity is compared seldom: so late an observation still belongs to its event

EVENTS = {
    ObservationKind.NOBODY_IN_VIEW: SceneKind.NOBODY,
    ObservationKind.SEVERAL_FACES: SceneKind.SECOND_PERSON,
    ObservationKind.OTHER_PERSON: SceneKind.OTHER_PERSON,
    ObservationKind.LOOKING_AWAY: SceneKind.USUAL,
    ObservationKind.PICTURE_COVERED: SceneKind.COVERED,
    ObservationKind.PICTURE_FROZEN: SceneKind.FROZEN,
    ObservationKind.CONVERSATION: SceneKind.CONVERSATION,
    ObservationKind.NOISE: SceneKind.NOISE,
}
# How an event is varied from clip to clip: a second face's size, a sound's level, a head's turn.
_SIZES, _LEVELS = (0.38, 0.33, 0.28, 0.24), (-18.0, -24.0, -30.0, -36.0)
_NOISE_LEVELS = (-10.0, -14.0, -18.0, -22.0)
_TURNS = (45.0, -45.0, 55.0, -55.0)


@dataclass(slots=True)
class Figures:
    """Of one kind, over all clips."""

    staged: int = 0
    found: int = 0
    false: int = 0

    def as_json(self) -> dict[str, float | int | None]:
        told = self.found + self.false
        return {
            "staged": self.staged,
            "recall": round(self.found / self.staged, 3) if self.staged else None,
            "precision": round(self.found / told, 3) if told else None,
            "false": self.false,
        }


@dataclass(slots=True)
class Result:
    kinds: dict[ObservationKind, Figures] = field(default_factory=dict)
    hours: float = 0.0
    false_alarms: Counter[ObservationKind] = field(default_factory=Counter)
    refused_portraits: int = 0
    seats: int = 0

    def add(self, other: Result) -> None:
        """The ordinary hours of another process."""
        self.hours += other.hours
        self.seats += other.seats
        self.false_alarms.update(other.false_alarms)
        self.refused_portraits += other.refused_portraits

    def as_json(self) -> dict[str, object]:
        alarms = sum(self.false_alarms.values())
        return {
            "kinds": {kind.value: figures.as_json() for kind, figures in self.kinds.items()},
            "normal_hours": round(self.hours, 2),
            "normal_seats": self.seats,
            "false_alarms": {kind.value: n for kind, n in self.false_alarms.items()},
            "false_alarms_per_hour": round(alarms / self.hours, 3) if self.hours else None,
            "at_most_per_hour_95": round(_poisson_95(alarms) / self.hours, 3)
            if self.hours
            else None,
            "refused_portraits": self.refused_portraits,
        }


def observed(
    worker: WorkerProcess, seat: Seat, portrait: Photo, seconds: float, thresholds: RuleThresholds
) -> list[Observation] | None:
    """What the rules made of so much of the seat's footage, each in its last form; None when
    check-in refuses the photo."""
    checked_in = replace_photo(seat, portrait)
    prepared = worker.ask(PreparePortrait(picture=jpeg(checked_in.portrait()), permitted=PERMITTED))
    assert isinstance(prepared, PortraitPrepared)
    if prepared.descriptor is None:
        return None
    numbers, state = count(), b""
    rules = RuleState(attempt_id=AttemptId("0" * 32))
    found: dict[ObservationId, Observation] = {}
    for number, media in enumerate(snippets(seat, seconds)):
        request = AnalyseSnippet(
            media=media, permitted=PERMITTED, reference=prepared.descriptor, state=state
        )
        try:
            measured = worker.ask(request)
        except ConnectionError:  # as the gateway does: a busy machine's worker may run out of time
            measured = worker.ask(request)
        assert isinstance(measured, SnippetMeasured)
        state = measured.state
        events: tuple[RuleEvent, ...]
        rules, events = advance(
            rules,
            snippet_started_ms=STARTED_MS + number * 10_000,
            sequence=number + 1,
            frames=measured.frames,
            sound=measured.sound,
            thresholds=thresholds,
            permitted=PERMITTED,
            new_id=lambda: ObservationId(f"{next(numbers):032x}"),
        )
        for event in events:
            if isinstance(event, ObservationStarted) or event.observation.observation_id in found:
                found[event.observation.observation_id] = event.observation
    return list(found.values())


def replace_photo(seat: Seat, photo: Photo) -> Seat:
    return Seat(photo, seat.other, seat.seed, 0.0)


def event_clip(
    worker: WorkerProcess,
    faces: Sequence[tuple[Photo, Photo]],
    expected: ObservationKind,
    variant: int,
    thresholds: RuleThresholds,
    result: Result,
) -> None:
    """One staged event of twice its threshold and a little more, in ordinary footage."""
    kind = EVENTS[expected]
    lasts = 2 * threshold_s(expected, thresholds) + 10.0
    levels = _NOISE_LEVELS if kind is SceneKind.NOISE else _LEVELS
    event = Staged(
        kind,
        _BEFORE_S,
        _BEFORE_S + lasts,
        level_dbfs=levels[variant % 4],
        size=_SIZES[variant % 4],
        turn=_TURNS[variant % 4] if expected is ObservationKind.LOOKING_AWAY else 0.0,
    )
    portrait, photo = faces[variant % len(faces)]
    other = faces[(variant + 1) % len(faces)][1]
    seat = Seat(photo, other, 1_000 + variant, 0.1, (event,))
    found = observed(worker, seat, portrait, event.end_s + _AFTER_S, thresholds)
    if found is None:
        result.refused_portraits += 1
        return
    figures = result.kinds.setdefault(expected, Figures())
    figures.staged += 1
    hits = [o for o in found if o.kind is expected and _belongs(o, event)]
    figures.found += bool(hits)
    for observation in found:
        if observation not in hits:
            result.kinds.setdefault(observation.kind, Figures()).false += 1


def normal_hours(
    worker: WorkerProcess,
    portrait: Photo,
    seat: Seat,
    thresholds: RuleThresholds,
    result: Result,
) -> None:
    found = observed(worker, seat, portrait, seat.hours * 3600, thresholds)
    if found is None:
        result.refused_portraits += 1
        return
    result.hours += seat.hours
    result.seats += 1
    result.false_alarms.update(observation.kind for observation in found)


def evaluate(
    worker: WorkerProcess,
    *,
    faces: Sequence[tuple[Photo, Photo]],
    variants: int,
    hours: float,
    per_seat_h: float = 0.5,
    first: int = 0,
    step: int = 1,
) -> Result:
    """`faces`: (photo at check-in, photo in the exam) per person. Ordinary seats are the
    `first`-th, the next after `step`, and so on, each a person, until their `hours` are full."""
    thresholds = RuleThresholds()
    result = Result()
    for expected in EVENTS:
        for variant in range(variants):
            event_clip(worker, faces, expected, variant, thresholds, result)
        if variants:
            _say(f"{expected.value}: {result.kinds.get(expected)}")
    for number in range(first, 8 * len(faces), step):
        if result.hours >= hours - 1e-6:
            break
        portrait, photo = faces[number % len(faces)]
        other = faces[(number + 1) % len(faces)][1]
        seat = Seat(photo, other, number, min(per_seat_h, hours - result.hours))
        normal_hours(worker, portrait, seat, thresholds, result)
        _say(f"{number}, {result.hours:.2f} h: {dict(result.false_alarms)}")
    return result


def ordinary(faces: list[tuple[Photo, Photo]], hours: float, first: int, step: int) -> Result:
    """A process's share of the ordinary hours."""
    with tempfile.TemporaryDirectory() as directory, media_worker(Path(directory)) as worker:
        return evaluate(
            worker, faces=faces, variants=0, hours=hours, per_seat_h=0.2, first=first, step=step
        )


def people_of(images: Path | None, most: int, *, one_photo: bool) -> list[tuple[Photo, Photo]]:
    faces = list(faces_of(images, most)) if images else rehearsal_faces()
    return [(exam, exam) for _, exam in faces] if one_photo else faces


def rehearsal_faces() -> list[tuple[Photo, Photo]]:
    """Check-in and exam: twice another photograph of the same person, twice the same one."""
    president, again, vice_president, astronaut, third = people()
    return [
        (president, again),
        (vice_president, vice_president),
        (president, third),
        (astronaut, astronaut),
    ]


def faces_of(directory: Path, most: int) -> Iterator[tuple[Photo, Photo]]:
    """The first `most` persons with two photographs. LFW's are 250 x 250, the face in the middle
    and some 110 high."""
    for person in sorted(p for p in directory.iterdir() if p.is_dir()):
        pictures = sorted(person.glob("*.jpg"))[:2]
        if len(pictures) == 2 and most > 0:
            most -= 1
            yield _photo(pictures[0]), _photo(pictures[1])


def _photo(path: Path) -> Photo:
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR_RGB)
    assert picture is not None, path
    return alone(Photo(picture.astype(np.uint8), (125.0, 128.0), 110.0))


def _belongs(observation: Observation, event: Staged) -> bool:
    began = (observation.started_ms - STARTED_MS) / 1000
    return event.start_s - 4.0 <= began <= event.end_s + _LATE_S


def _poisson_95(events: int) -> float:
    """Upper end of the one-sided 95 % interval of a Poisson mean, found by bisection."""
    low, high = 0.0, events + 10.0 + 5.0 * math.sqrt(events)
    for _ in range(60):
        mean = (low + high) / 2
        term = total = math.exp(-mean)
        for n in range(1, events + 1):
            term *= mean / n
            total += term
        low, high = (mean, high) if total > 0.05 else (low, mean)
    return high


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--hours", type=float, default=4.0, help="of ordinary footage")
    parser.add_argument("--variants", type=int, default=8, help="clips per kind of event")
    parser.add_argument("--images", type=Path, help="people in LFW layout")
    parser.add_argument("--people", type=int, default=12, help="how many of them")
    parser.add_argument("--processes", type=int, default=2, help="for the ordinary footage")
    parser.add_argument("--first", type=int, default=0, help="number of the first ordinary seat")
    parser.add_argument("--one-photo", action="store_true", help="for check-in and exam")
    given = parser.parse_args()
    faces = people_of(given.images, given.people, one_photo=given.one_photo)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as directory, media_worker(Path(directory)) as worker:
        result = evaluate(worker, faces=faces, variants=given.variants, hours=0.0)
    if given.hours > 0:
        with ProcessPoolExecutor(given.processes) as pool:
            shares = [
                pool.submit(
                    ordinary,
                    faces,
                    given.hours / given.processes,
                    given.first + number,
                    given.processes,
                )
                for number in range(given.processes)
            ]
            for share in shares:
                result.add(share.result())
    figures = result.as_json() | {
        "people": len(faces),
        "wall_s": round(time.monotonic() - started, 1),
    }
    if given.json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name}: {value}\n")


if __name__ == "__main__":
    main()
