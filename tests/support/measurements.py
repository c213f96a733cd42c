"""Measurement series as a media worker would send them, for the rules and the watch."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from appliance.core.ids import AttemptId, ObservationId
from appliance.core.observation import FrameMeasurement, ObservationKind, SoundMeasurement
from appliance.core.processing import Category
from appliance.core.rules import RuleEvent, RuleState, advance
from appliance.core.settings import RuleThresholds

START_MS = 1_795_420_800_000
ALL = frozenset(Category)
USUAL = FrameMeasurement(
    at_s=0.0,
    brightness=0.5,
    sharpness=120.0,
    change=0.01,
    face_scores=(0.93,),
    similarity=0.95,
    yaw=2.0,
    pitch=-4.0,
)
NOBODY = replace(USUAL, face_scores=(), similarity=None, yaw=None, pitch=None)
TWO_FACES = replace(USUAL, face_scores=(0.94, 0.9), similarity=None)
OTHER = replace(USUAL, similarity=0.03)
AWAY = replace(USUAL, yaw=52.0)
DOWN = replace(USUAL, pitch=-40.0)
COVERED = replace(NOBODY, brightness=0.01, sharpness=0.2, change=0.0)
FROZEN = replace(USUAL, change=0.0)
QUIET = SoundMeasurement(at_s=0.0, length_s=1.0, level_dbfs=-55.0)
TALK = SoundMeasurement(at_s=0.0, length_s=1.0, level_dbfs=-32.0, voice=0.9)
BANG = SoundMeasurement(at_s=0.0, length_s=1.0, level_dbfs=-12.0, voice=0.1)

SHOWS: dict[ObservationKind, FrameMeasurement | SoundMeasurement] = {
    ObservationKind.NOBODY_IN_VIEW: NOBODY,
    ObservationKind.SEVERAL_FACES: TWO_FACES,
    ObservationKind.OTHER_PERSON: OTHER,
    ObservationKind.LOOKING_AWAY: AWAY,
    ObservationKind.PICTURE_COVERED: COVERED,
    ObservationKind.PICTURE_FROZEN: FROZEN,
    ObservationKind.CONVERSATION: TALK,
    ObservationKind.NOISE: BANG,
}

FrameAt = Callable[[float], FrameMeasurement]
SoundAt = Callable[[float], SoundMeasurement]


def usual(_second: float) -> FrameMeasurement:
    return USUAL


def quiet(_second: float) -> SoundMeasurement:
    return QUIET


def during(
    start_s: float, end_s: float, what: FrameMeasurement, otherwise: FrameAt = usual
) -> FrameAt:
    return lambda second: what if start_s <= second < end_s else otherwise(second)


def heard(start_s: float, end_s: float, what: SoundMeasurement) -> SoundAt:
    return lambda second: what if start_s <= second < end_s else QUIET


def showing(kind: ObservationKind, start_s: float, end_s: float) -> tuple[FrameAt, SoundAt]:
    """Pictures and sound of a seat where exactly this goes on between the two seconds."""
    match SHOWS[kind]:
        case FrameMeasurement() as frame:
            return during(start_s, end_s, frame), quiet
        case SoundMeasurement() as sound:
            return usual, heard(start_s, end_s, sound)


@dataclass(frozen=True, slots=True)
class Measured:
    """One snippet of a series."""

    sequence: int
    started_ms: int
    frames: tuple[FrameMeasurement, ...]
    sound: tuple[SoundMeasurement, ...]


def series(
    seconds: float,
    frame_at: FrameAt = usual,
    sound_at: SoundAt = quiet,
    *,
    every_s: float = 2.0,
    snippet_s: float = 10.0,
) -> Iterator[Measured]:
    """Snippets one after another; a frame each `every_s`, a window of sound each second."""
    for number in range(int(seconds / snippet_s)):
        begin = number * snippet_s
        frames = [i * every_s for i in range(int(snippet_s / every_s))]
        yield Measured(
            sequence=number + 1,
            started_ms=START_MS + round(begin * 1000),
            frames=tuple(replace(frame_at(begin + at), at_s=at) for at in frames),
            sound=tuple(
                replace(sound_at(begin + at), at_s=float(at)) for at in range(int(snippet_s))
            ),
        )


def noisy(seed: int) -> FrameAt:
    """A person who moves: values scatter, the detector misses a face now and then, glances go
    aside for less than two seconds."""
    dice = random.Random(seed)

    def frame(_second: float) -> FrameMeasurement:
        if dice.random() < 0.05:  # a hand before the face
            return NOBODY
        if dice.random() < 0.05:
            return replace(USUAL, yaw=dice.choice((-1, 1)) * dice.uniform(30, 60))
        return replace(
            USUAL,
            brightness=dice.gauss(0.5, 0.05),
            sharpness=max(20.0, dice.gauss(120, 30)),
            change=abs(dice.gauss(0.012, 0.006)) + 0.001,
            face_scores=(dice.uniform(0.8, 0.96),)
            + ((dice.uniform(0.6, 0.79),) if dice.random() < 0.05 else ()),
            similarity=min(1.0, max(0.0, dice.gauss(0.85, 0.1))),
            yaw=dice.gauss(2, 8),
            pitch=dice.gauss(-4, 5),
        )

    return frame


def noisy_sound(seed: int) -> SoundAt:
    """Keys, coughs, a chair: short, and seldom voices."""
    dice = random.Random(seed)

    def window(_second: float) -> SoundMeasurement:
        level = dice.gauss(-50, 5)
        if dice.random() < 0.06:
            level = dice.uniform(-30, -10)
        voice = dice.uniform(0, 0.4) if level > -40 else None
        return replace(QUIET, level_dbfs=level, voice=voice)

    return window


class Ids:
    """Observation ids that can be told apart."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> ObservationId:
        self.count += 1
        return ObservationId(f"{self.count:032x}")


ATTEMPT = AttemptId("a" * 32)


def judge(
    snippets: Iterator[Measured] | list[Measured],
    *,
    state: RuleState | None = None,
    thresholds: RuleThresholds | None = None,
    permitted: frozenset[Category] = ALL,
    muted: frozenset[ObservationKind] = frozenset(),
    ids: Ids | None = None,
) -> tuple[RuleState, list[RuleEvent]]:
    """Feed a series to the rules."""
    state = state or RuleState(attempt_id=ATTEMPT)
    ids = ids or Ids()
    events: list[RuleEvent] = []
    for snippet in snippets:
        state, new = advance(
            state,
            snippet_started_ms=snippet.started_ms,
            sequence=snippet.sequence,
            frames=snippet.frames,
            sound=snippet.sound,
            thresholds=thresholds or RuleThresholds(),
            permitted=permitted,
            new_id=ids,
            muted=muted,
        )
        events.extend(new)
    return state, events
