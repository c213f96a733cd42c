"""Long staged footage of one seat: an ordinary exam, and events staged in it. Deterministic.

A photograph is moved as a person moves before a camera (leaning, turning, coming nearer, half out
of view, a hand at the chin), under light that changes and a camera that regulates itself, with
people passing and a row of others behind; the head turned aside and down at the paper is synthetic
(`turned_heads`). The sound has typing, a chair, coughs and people who speak far away. One picture
in two seconds, each a key frame: those are what a worker looks at; what lies between is not made.

This is staged. It shows where rules are fooled by things that were thought of, no more.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.rehearsal import material
from appliance.rehearsal.clips import encode_webm
from appliance.rehearsal.material import SOUND_RATE, Picture, Samples
from appliance.rehearsal.scenes import SceneKind
from tests.support.turned_heads import Photo, turned

WIDTH, HEIGHT = 320, 240
_PICTURE_EVERY_S = 2  # as the worker looks
_BITS_PER_SECOND = 30_000  # a key frame in two seconds has some 7 kB, as in browsers
_GLANCES = (24.0, -24.0, 40.0, -40.0)  # degrees: at a neighbour, at the clock on the wall
_DOWN = -24.0


@dataclass(frozen=True, slots=True)
class Staged:
    """`level_dbfs`: how loud, for sound. `size`: height of a second face, as a share of 240.
    `turn`: of the head to the side, in degrees; the kind is then the usual one."""

    kind: SceneKind
    start_s: float
    end_s: float
    level_dbfs: float = -26.0
    size: float = 0.33
    turn: float = 0.0


@dataclass(slots=True)
class _Habit:
    """Something that happens now and then: `every_s` on average, for `lasts_s` (least, most)."""

    every_s: float
    lasts_s: tuple[float, float]


# What an ordinary candidate does in an ordinary hall.
HABITS = {
    "glance": _Habit(45, (1.0, 4.0)),  # to the side
    "down": _Habit(30, (2.0, 12.0)),  # at the paper
    "lean_out": _Habit(420, (2.0, 5.0)),  # out of the picture: a dropped pencil
    "chin": _Habit(150, (4.0, 25.0)),  # a hand before mouth and chin
    "passing": _Habit(300, (1.0, 2.5)),  # an invigilator walks by behind
    "row": _Habit(200, (60.0, 900.0)),  # others sit behind, two and more metres away
    "lamp": _Habit(500, (20.0, 120.0)),
    "typing": _Habit(20, (3.0, 15.0)),
    "chair": _Habit(240, (0.5, 1.8)),
    "cough": _Habit(180, (0.3, 0.9)),
    "far_talk": _Habit(240, (4.0, 20.0)),  # an invigilator with somebody else
    "mutter": _Habit(400, (0.5, 1.8)),
}


@dataclass(slots=True)
class Seat:
    """One person at one seat; `other` is who appears when somebody else is staged."""

    photo: Photo
    other: Photo
    seed: int
    hours: float
    staged: tuple[Staged, ...] = ()
    _spans: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    _held: Picture | None = None

    def __post_init__(self) -> None:
        dice = random.Random(self.seed)
        for name, habit in HABITS.items():
            spans, at = [], dice.expovariate(1 / habit.every_s)
            while at < self.hours * 3600:
                end = at + dice.uniform(*habit.lasts_s)
                spans.append((at, end))
                at = end + dice.expovariate(1 / habit.every_s)
            self._spans[name] = spans

    def portrait(self) -> Picture:
        """At check-in, 640 x 480: near, straight, in good light."""
        scale = min(0.45 * 480 / self.photo.height, 1.6)  # a small photograph is not blown up
        return _placed(self.photo, scale, 0.0, (320, 220), (640, 480))

    def snippet(self, number: int, seconds: int = 10) -> bytes:
        """The `number`-th one, from 0 on."""
        start = number * seconds
        return encode_webm(
            self._pictures(start, seconds),
            self.sound(start, seconds),
            frames_per_second=1,
            key_frame_every=_PICTURE_EVERY_S,
            video_bits_per_second=_BITS_PER_SECOND,
        )

    def _pictures(self, start: int, seconds: int) -> Iterator[Picture]:
        """One a second; between two key frames the last again, which nobody decodes."""
        for second in range(0, seconds, _PICTURE_EVERY_S):
            picture = self.picture(float(start + second))
            yield from [picture] * min(_PICTURE_EVERY_S, seconds - second)

    def picture(self, at_s: float) -> Picture:
        kind = self._kind(at_s)
        if kind is SceneKind.FROZEN:
            if self._held is None:
                self._held = self._seen(SceneKind.USUAL, at_s)
            return self._held
        self._held = None
        return self._seen(kind, at_s)

    def _seen(self, kind: SceneKind, at_s: float) -> Picture:
        noise = np.random.default_rng((self.seed, int(at_s))).normal(0, 2.5, (HEIGHT, WIDTH, 1))
        if kind is SceneKind.COVERED:
            bare: NDArray[np.float64] = np.full((HEIGHT, WIDTH, 3), 10.0)
        elif kind is SceneKind.NOBODY:
            bare = _empty(self.seed) * self._light(at_s)
        else:
            bare = self._person(kind, at_s) * self._light(at_s)
        seen: Picture = np.clip(bare + noise, 0, 255).astype(np.uint8)
        return seen

    def _person(self, kind: SceneKind, at_s: float) -> NDArray[np.float64]:
        who = self.other if kind is SceneKind.OTHER_PERSON else self.photo
        wave = [math.sin(at_s / period + self.seed) for period in (3.1, 7.7, 19.0, 61.0)]
        scale = 0.46 * HEIGHT / who.height * (1 + 0.08 * wave[2] + 0.10 * wave[3])
        roll = 3.0 * wave[1] + 2.0 * wave[0]
        x, y = WIDTH / 2 + 14 * wave[1] + 5 * wave[0], HEIGHT * 0.47 + 6 * wave[2]
        if self._now("glance", at_s):
            x += 8
        if self._now("down", at_s):
            y, roll = y + 16, roll + 4
        if self._now("lean_out", at_s):
            y = HEIGHT * 1.7
        side, up = self._turn(at_s)
        head = turned(who, side, up) if side or up else who
        picture = _placed(head, scale, roll, (x, y), (WIDTH, HEIGHT))
        if self._now("row", at_s):
            # Behind, so that the candidate covers what of them is in the way.
            far = picture.copy()
            for number, share in enumerate((0.08, 0.10, 0.12)):
                place = (0.1 + 0.4 * ((number + self.seed) % 3), 0.22 + 0.03 * number)
                _beside(far, self.other, share * HEIGHT, place)
            own = _head_mask((x, y), who.height * scale)
            picture = (own * picture + (1.0 - own) * far).astype(np.uint8)
        if self._now("chin", at_s):
            hand = (round(x + 8), round(y + 0.42 * who.height * scale))
            cv2.ellipse(picture, hand, (34, 22), 15, 0, 360, (176, 132, 108), -1, cv2.LINE_AA)
        if kind is SceneKind.SECOND_PERSON:
            size = next(s.size for s in self.staged if s.start_s <= at_s < s.end_s)
            _beside(picture, self.other, size * HEIGHT, (0.80, 0.36))
        elif (passing := self._span("passing", at_s)) is not None:
            across = (at_s - passing[0]) / (passing[1] - passing[0])
            _beside(picture, self.other, 0.2 * HEIGHT, (0.1 + 0.8 * across, 0.16))
        return picture.astype(np.float64)

    def _turn(self, at_s: float) -> tuple[float, float]:
        """Degrees to the side and up."""
        for event in self.staged:
            if event.turn and event.start_s <= at_s < event.end_s:
                return event.turn, 0.0
        if (glance := self._span("glance", at_s)) is not None:
            return _GLANCES[int(glance[0]) % len(_GLANCES)], 0.0
        return 0.0, _DOWN if self._now("down", at_s) else 0.0

    def _light(self, at_s: float) -> float:
        """Clouds, a lamp, and a camera that regulates itself in steps."""
        clouds = 1.0 + 0.12 * math.sin(at_s / 97 + self.seed)
        lamp = 0.62 if self._now("lamp", at_s) else 1.0
        gain = 1.0 + 0.06 * ((int(at_s / 11) + self.seed) % 3 - 1)
        return clouds * lamp * gain

    def sound(self, start_s: float, seconds: int) -> Samples:
        """48 kHz mono."""
        dice = np.random.default_rng((self.seed, 7, int(start_s)))
        length = seconds * SOUND_RATE
        heard = _at_level(_looped("quiet", start_s, length), -57.0)
        for name, level, source in (
            ("typing", -38.0, "typing"),
            ("chair", -20.0, "noise"),
            ("cough", -16.0, "noise"),
            ("far_talk", -54.0, "speech"),
            ("mutter", -40.0, "speech"),
        ):
            for begin, end in self._spans[name]:
                _add(heard, start_s, begin, end, source, level + dice.uniform(-3, 3))
        for event in self.staged:
            sounds = {SceneKind.CONVERSATION: "conversation", SceneKind.NOISE: "noise"}
            if event.kind in sounds:
                span = (event.start_s, event.end_s)
                _add(heard, start_s, *span, sounds[event.kind], event.level_dbfs)
        return (np.clip(heard, -1, 1) * 32767).astype(np.int16)

    def _kind(self, at_s: float) -> SceneKind:
        return next((s.kind for s in self.staged if s.start_s <= at_s < s.end_s), SceneKind.USUAL)

    def _now(self, habit: str, at_s: float) -> bool:
        return self._span(habit, at_s) is not None

    def _span(self, habit: str, at_s: float) -> tuple[float, float] | None:
        if self._kind(at_s) is not SceneKind.USUAL and habit in ("lean_out", "passing"):
            return None  # the staged event is what is asked about
        return next((s for s in self._spans[habit] if s[0] <= at_s < s[1]), None)


def people() -> list[Photo]:
    """The rehearsal's five photographs of three persons; the first two are of one person."""
    names = (
        material.PRESIDENT,
        material.PRESIDENT_AGAIN,
        material.VICE_PRESIDENT,
        material.ASTRONAUT,
        material.PRESIDENT_THIRD,
    )
    found = []
    for person in names:
        picture, centre = material.scaled(person, 150)
        found.append(Photo(picture, centre, 150.0))
    return found


def _placed(
    photo: Photo,
    scale: float,
    roll: float,
    at: tuple[float, float],
    size: tuple[int, int],
) -> Picture:
    """The photograph with its face at `at`; its edges drawn out over what it does not reach."""
    turn = cv2.getRotationMatrix2D(photo.centre, roll, scale)
    moved = turn @ (*photo.centre, 1.0)
    turn[:, 2] += np.array(at) - moved
    placed: Picture = cv2.warpAffine(
        photo.picture, turn, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    ).astype(np.uint8)
    return placed


def _beside(picture: Picture, who: Photo, height: float, at: tuple[float, float]) -> None:
    """Another head, with a soft edge; `at` in shares of width and height."""
    centre = (at[0] * WIDTH, at[1] * HEIGHT)
    head = _placed(who, height / who.height, 0.0, centre, (WIDTH, HEIGHT))
    mask = _head_mask(centre, height)
    picture[:] = (mask * head + (1.0 - mask) * picture).astype(np.uint8)


def _head_mask(centre: tuple[float, float], height: float) -> NDArray[np.float64]:
    """1 where a head of that face is, 0 elsewhere, with a soft edge."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    away = np.hypot((x - centre[0]) / (0.52 * height), (y - centre[1]) / (0.78 * height))
    mask: NDArray[np.float64] = np.clip((1.0 - away) * 8.0, 0.0, 1.0)[:, :, None]
    return mask


@cache
def _empty(seed: int) -> NDArray[np.float64]:
    """A wall, a window and the back of a chair."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64) / HEIGHT
    tint = 150 + seed % 5 * 10
    wall: NDArray[np.float64] = np.stack([tint - 30 * y, tint - 35 * y, tint - 12 - 30 * y], axis=2)
    wall[(x > 0.1) & (x < 0.45) & (y > 0.08) & (y < 0.5)] = (205, 220, 230)
    wall[(x > 0.5) & (x < 1.0) & (y > 0.62)] = (96, 70, 52)
    wall[(x > 0.56) & (x < 0.94) & (y > 0.68) & (y < 0.74)] = (150, 140, 120)
    return wall


@cache
def _source(name: str) -> NDArray[np.float32]:
    if name == "typing":
        return _typing()
    return (material.sound(name) / 32768).astype(np.float32)


def _typing() -> NDArray[np.float32]:
    """Keys: short decaying bursts, five to eight a second."""
    dice = np.random.default_rng(3)
    sound = np.zeros(20 * SOUND_RATE, np.float32)
    decay = np.exp(-np.arange(1_600) / 260).astype(np.float32)
    at = 0
    while at + 1_600 < len(sound):
        sound[at : at + 1_600] += decay * dice.normal(0, dice.uniform(0.3, 1.0), 1_600)
        at += int(SOUND_RATE * dice.uniform(0.12, 0.2))
    return sound


def _at_level(sound: NDArray[np.float32], dbfs: float) -> NDArray[np.float32]:
    power = float(np.sqrt(np.mean(np.square(sound)))) or 1.0
    return (sound * (10 ** (dbfs / 20) / power)).astype(np.float32)


def _looped(name: str, start_s: float, length: int) -> NDArray[np.float32]:
    source = _source(name)
    offset = round(start_s * SOUND_RATE) % len(source)
    piece: NDArray[np.float32] = np.take(source, np.arange(offset, offset + length), mode="wrap")
    return piece


def _add(
    heard: NDArray[np.float32], start_s: float, begin: float, end: float, name: str, dbfs: float
) -> None:
    """Mix in what of `begin`..`end` falls into the stretch that starts at `start_s`."""
    first = max(0, round((begin - start_s) * SOUND_RATE))
    last = min(len(heard), round((end - start_s) * SOUND_RATE))
    if first < last:
        piece = _looped(name, start_s + first / SOUND_RATE, last - first)
        power = float(np.sqrt(np.mean(np.square(_source(name))))) or 1.0
        heard[first:last] += piece * np.float32(10 ** (dbfs / 20) / power)


def snippets(seat: Seat, seconds: float) -> Iterator[bytes]:
    for number in range(math.ceil(seconds / 10)):
        yield seat.snippet(number)
