"""What one measurement says about each kind of observation: holds, does not, or nothing.

A sample of None means "cannot tell from this", and is neutral: it neither feeds nor ends a run.
`margin` 0..1 says how far past its threshold a condition is; the formulas stand at each kind.
The constants here are engineering choices, checked on synthetic series and test clips; they are
not field-measured, and a school's pilot is to confirm them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from statistics import median

from appliance.core.observation import FrameMeasurement, ObservationKind, SoundMeasurement
from appliance.core.processing import Category
from appliance.core.seat_faces import at_seat, highest_at_seat
from appliance.core.settings import RuleThresholds

NEEDS: dict[ObservationKind, Category] = {
    ObservationKind.NOBODY_IN_VIEW: Category.FACE_COUNT,
    ObservationKind.SEVERAL_FACES: Category.FACE_COUNT,
    ObservationKind.OTHER_PERSON: Category.DESCRIPTOR,
    ObservationKind.LOOKING_AWAY: Category.HEAD_POSE,
    ObservationKind.PICTURE_COVERED: Category.PICTURE_QUALITY,
    ObservationKind.PICTURE_FROZEN: Category.PICTURE_QUALITY,
    ObservationKind.CONVERSATION: Category.SOUND_PRESENCE,
    ObservationKind.NOISE: Category.SOUND_PRESENCE,
}
SOUND_KINDS = frozenset({ObservationKind.CONVERSATION, ObservationKind.NOISE})

# The descriptors are calibrated so that 0.5 is the decision at one false acceptance in a thousand
# (adapters/vision, models/cards). An observation asks for clearly unlike: an hour has many frames,
# and chins rest on hands. On folds 1 and 2 of LFW, dlib, mean of three frames, 0.5 would take 1.4 %
# of pictures of the same person for another's (2.8 % with a hand before the chin) and miss 0.1 % of
# other persons; 0.2 takes 0.2 % (0.2 %) and misses 1.2 %.
DEFAULT_OTHER_PERSON_BELOW = 0.2

_BLACK = 0.06  # mean brightness: 15 of 255; a face in a dim room is at 0.09
_FLAT = 4.0  # variance of the Laplacian; a covered lens gives 0..2, a dim face over 15
# The same picture, encoded again at a low rate, differs by up to 0.0073 (mean absolute, all of
# it from the encoder) and by at most 0.0006 in mean brightness, most at a snippet's first picture,
# where the encoder starts anew; a person who sits by 0.0085 and more. Measured on staged footage of
# three photographs, samples two seconds apart.
_STILL = 0.0075
_STILL_BRIGHTNESS = 0.0012
_DIM, _LIT = 0.08, 0.25  # between these the face detector begins to miss faces
_VOICE_SHARE = 0.5  # of a window, so that a cough is not a conversation
_NOISE_SPAN_DB = 15.0  # this far above the threshold is a full margin
_YAW_SPAN = 30.0  # degrees past the threshold that are a full margin

_BASELINE_READY = 10  # samples before a baseline means anything
_BASELINE_FULL = 90  # three minutes at one sample in two seconds


@dataclass(frozen=True, slots=True)
class Sample:
    """`weak`: by itself this is never more than a weak sign."""

    holds: bool
    margin: float = 0.0
    figures: dict[str, float] = field(default_factory=dict)
    weak: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """How this person sits: yaw and pitch in degrees of the first minutes with one face, and how
    high the face stood in the picture in the last minutes."""

    yaws: tuple[float, ...] = ()
    pitches: tuple[float, ...] = ()
    heights: tuple[float, ...] = ()

    def learn(self, frame: FrameMeasurement, thresholds: RuleThresholds) -> Baseline:
        heights = self.heights
        highest = highest_at_seat(frame, thresholds, self.height)
        if highest is not None:
            heights = (*heights, highest)[-_BASELINE_FULL:]
        if len(at_seat(frame, thresholds, self.height) or ()) != 1:
            return replace(self, heights=heights)
        return Baseline(_kept(self.yaws, frame.yaw), _kept(self.pitches, frame.pitch), heights)

    @property
    def height(self) -> float | None:
        """Of the face at this seat, as a share of the picture's height."""
        return median(self.heights) if len(self.heights) >= _BASELINE_READY else None

    def yaw(self, frame: FrameMeasurement) -> float | None:
        return _relative(self.yaws, frame.yaw)

    def pitch(self, frame: FrameMeasurement) -> float | None:
        return _relative(self.pitches, frame.pitch)


def _kept(values: tuple[float, ...], value: float | None) -> tuple[float, ...]:
    return values if value is None or len(values) >= _BASELINE_FULL else (*values, value)


def _relative(values: tuple[float, ...], value: float | None) -> float | None:
    if value is None or len(values) < _BASELINE_READY:
        return None
    return value - median(values)


def sane(measured: FrameMeasurement | SoundMeasurement) -> bool:
    """Workers decode what strangers sent: a number that is none is not judged."""
    values: list[float | None]
    if isinstance(measured, SoundMeasurement):
        values = [measured.at_s, measured.length_s, measured.level_dbfs, measured.voice]
    else:
        values = [measured.at_s, measured.brightness, measured.sharpness, measured.change]
        values += [measured.similarity, measured.yaw, measured.pitch]
        values += (*(measured.face_scores or ()), *(measured.face_heights or ()))
    return all(value is None or math.isfinite(value) for value in values)


def of_frame(
    frame: FrameMeasurement,
    thresholds: RuleThresholds,
    baseline: Baseline,
    brightness_before: float | None,
) -> dict[ObservationKind, Sample | None]:
    """`brightness_before` is that of the frame measured before this one, None for the first."""
    covered = _covered(frame)
    faces = at_seat(frame, thresholds, baseline.height)
    samples: dict[ObservationKind, Sample | None] = {
        ObservationKind.PICTURE_COVERED: covered,
        ObservationKind.PICTURE_FROZEN: (
            None if covered.holds else _frozen(frame, faces, brightness_before)
        ),
    }
    if faces is None:
        return samples
    # A covered lens is its own kind: it says nothing about who sits there.
    if not covered.holds:
        lit = _share(frame.brightness - _DIM, _LIT - _DIM)
        samples[ObservationKind.NOBODY_IN_VIEW] = Sample(not faces, lit)
        samples[ObservationKind.SEVERAL_FACES] = _several(faces, thresholds)
    if len(faces) == 1:
        samples[ObservationKind.OTHER_PERSON] = _other_person(frame, thresholds)
        samples[ObservationKind.LOOKING_AWAY] = _looking_away(frame, thresholds, baseline)
    return samples


def of_sound(
    sound: SoundMeasurement, thresholds: RuleThresholds
) -> dict[ObservationKind, Sample | None]:
    """A window too quiet to ask for a voice (`voice` None) holds neither kind."""
    voice = sound.voice or 0.0
    talking = voice >= _VOICE_SHARE
    near = sound.level_dbfs >= thresholds.conversation_dbfs
    over = sound.level_dbfs - thresholds.noise_dbfs
    return {
        ObservationKind.CONVERSATION: Sample(talking and near, _share(voice - _VOICE_SHARE, 0.5)),
        ObservationKind.NOISE: Sample(
            over > 0 and not talking,
            _share(over, _NOISE_SPAN_DB),
            {"dbfs": round(sound.level_dbfs, 1)},
        ),
    }


def of_hall_sound(
    sound: SoundMeasurement, thresholds: RuleThresholds
) -> dict[ObservationKind, Sample]:
    """A window of the hall's own microphone, which stands far from everybody."""
    voice = sound.voice or 0.0
    talking = voice >= _VOICE_SHARE
    near = sound.level_dbfs >= thresholds.hall_conversation_dbfs
    over = sound.level_dbfs - thresholds.hall_noise_dbfs
    return {
        ObservationKind.HALL_CONVERSATION: Sample(
            talking and near, _share(voice - _VOICE_SHARE, 0.5)
        ),
        ObservationKind.HALL_NOISE: Sample(over > 0 and not talking, _share(over, _NOISE_SPAN_DB)),
    }


def _covered(frame: FrameMeasurement) -> Sample:
    """Black or without any structure. Margin: how near to nothing at all."""
    black = _share(_BLACK - frame.brightness, _BLACK)
    flat = _share(_FLAT - frame.sharpness, _FLAT)
    margin = max(black, flat)
    return Sample(margin > 0 and not frame.face_scores, margin)


def _frozen(
    frame: FrameMeasurement, faces: tuple[float, ...] | None, brightness_before: float | None
) -> Sample | None:
    """Nothing moves and the light does not change. An empty chair is nobody, not frozen."""
    if frame.change is None or brightness_before is None or faces == ():
        return None
    steady = abs(frame.brightness - brightness_before) < _STILL_BRIGHTNESS
    return Sample(steady and frame.change < _STILL, _share(_STILL - frame.change, _STILL))


def _several(faces: tuple[float, ...], thresholds: RuleThresholds) -> Sample:
    """Margin: how far the second surest face is above the score asked for. Dogs and textures
    reach 0.6, hardly ever 0.8."""
    least = thresholds.several_faces_score
    sure = sorted((score for score in faces if score >= least), reverse=True)
    if len(sure) < 2:
        return Sample(False)
    return Sample(True, _share(sure[1] - least, 1.0 - least), {"faces": float(len(sure))})


def _other_person(frame: FrameMeasurement, thresholds: RuleThresholds) -> Sample | None:
    """Margin: how far below the threshold, as a share of it."""
    if frame.similarity is None:
        return None
    below = thresholds.other_person_below
    below = DEFAULT_OTHER_PERSON_BELOW if below is None else below
    return Sample(frame.similarity < below, _share(below - frame.similarity, below))


def _looking_away(
    frame: FrameMeasurement, thresholds: RuleThresholds, baseline: Baseline
) -> Sample | None:
    """Margin: degrees of yaw past the threshold over 30. Looking down is weak by itself: the
    mesh finds about half of such frames, and people write on paper."""
    yaw, pitch = baseline.yaw(frame), baseline.pitch(frame)
    if yaw is None and pitch is None:
        return None
    if yaw is not None and abs(yaw) > thresholds.looking_away_yaw:
        past = abs(yaw) - thresholds.looking_away_yaw
        return Sample(True, _share(past, _YAW_SPAN), {"degrees": round(abs(yaw), 1)})
    if pitch is not None and pitch < thresholds.looking_away_pitch:
        return Sample(True, 0.0, {"down_degrees": round(-pitch, 1)}, weak=True)
    return Sample(False)


def _share(part: float, whole: float) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0
