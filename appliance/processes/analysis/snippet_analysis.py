"""Measuring one snippet: what is permitted, and nothing that only something else would need."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.media import audio_track
from appliance.adapters.media.container import Demuxed, SnippetContainer
from appliance.adapters.media.frames import Still, every, stills_at
from appliance.adapters.vision import picture_quality
from appliance.core.messages import AnalyseSnippet, SnippetMeasured
from appliance.core.observation import FrameMeasurement, SoundMeasurement
from appliance.core.processing import NEEDS_FACE_MODEL, Category
from appliance.processes.analysis import attempt_state
from appliance.processes.analysis.attempt_state import AttemptState
from appliance.processes.analysis.cpu_clock import CpuClock
from appliance.processes.analysis.face_analysis import FaceAnalysis, FaceMeasurement
from appliance.processes.analysis.models import Models
from appliance.processes.analysis.thumbnail import ThumbnailChoice

_MEASURES_FRAMES = NEEDS_FACE_MODEL | {Category.PICTURE_QUALITY}
_NEEDS_PICTURES = _MEASURES_FRAMES | {Category.THUMBNAIL}
_AT_A_TIME = 8  # pictures in memory; all of a usual snippet
_LEAST_STEP_S = 0.5  # closer frames tell no rule anything and cost as much


class SnippetAnalysis:
    """One request. `run` may be called once."""

    def __init__(self, request: AnalyseSnippet, models: Models) -> None:
        self._request = request
        self._permitted = request.permitted
        self._models = models
        self._clock = CpuClock()
        self._state = attempt_state.load(request.state)

    def run(self) -> SnippetMeasured:
        """Raises BadMedia when the snippet cannot be read."""
        with ExitStack() as stack:
            hears = self._may({Category.SOUND_PRESENCE})
            with self._clock.stage("open"):
                container = SnippetContainer(self._request.media, sound=hears)
                demuxed = stack.enter_context(container)
            thumbnail = ThumbnailChoice(demuxed.duration_s)
            frames = self._frames(demuxed, thumbnail) if self._may(_NEEDS_PICTURES) else ()
            sound = self._sound(demuxed) if hears else ()
            duration_s = demuxed.duration_s
        self._state.elapsed_s += duration_s
        with self._clock.stage("thumbnail"):
            jpeg = None
            if self._may({Category.THUMBNAIL}):
                jpeg = thumbnail.jpeg(self._request.thumbnail_width)
        return SnippetMeasured(
            frames=tuple(frames),
            sound=tuple(sound),
            duration_s=duration_s,
            thumbnail=jpeg,
            state=attempt_state.dump(self._state),
            cpu_ms={stage: round(ms, 3) for stage, ms in self._clock.spent.items()},
        )

    def _may(self, any_of: set[Category] | frozenset[Category]) -> bool:
        return not self._permitted.isdisjoint(any_of)

    def _frames(self, demuxed: Demuxed, thumbnail: ThumbnailChoice) -> list[FrameMeasurement]:
        faces = None
        if self._may(NEEDS_FACE_MODEL):
            faces = FaceAnalysis(self._request, self._models, self._state, self._clock)
        measured: list[FrameMeasurement] = []
        stills = self._stills(demuxed)
        while some := list(islice(stills, _AT_A_TIME)):
            qualities = [self._quality(still, thumbnail) for still in some]
            seen = [FaceMeasurement()] * len(some)
            if faces is not None:
                seen = faces.look([(s.picture, self._state.elapsed_s + s.at_s) for s in some])
            measured += map(self._measurement, some, qualities, seen)
        return measured if self._may(_MEASURES_FRAMES) else []

    def _quality(self, still: Still, thumbnail: ThumbnailChoice) -> picture_quality.Quality:
        with self._clock.stage("quality"):
            quality = picture_quality.measure(still.picture, _tiny(self._state))
        self._state.tiny = quality.tiny.tobytes()
        thumbnail.offer(still, quality.sharpness)
        return quality

    def _measurement(
        self, still: Still, quality: picture_quality.Quality, seen: FaceMeasurement
    ) -> FrameMeasurement:
        # The table never permits faces without picture quality; should it ever, then these are
        # "not a number": no rule's comparison holds for that.
        shown = Category.PICTURE_QUALITY in self._permitted
        return FrameMeasurement(
            at_s=round(still.at_s, 3),
            brightness=round(quality.brightness, 4) if shown else math.nan,
            sharpness=round(quality.sharpness, 2) if shown else math.nan,
            change=quality.change if shown else None,
            face_scores=seen.scores,
            face_heights=seen.heights,
            similarity=seen.similarity,
            yaw=seen.yaw,
            pitch=seen.pitch,
        )

    def _stills(self, demuxed: Demuxed) -> Iterator[Still]:
        moments = every(demuxed.duration_s, max(self._request.analyse_every_s, _LEAST_STEP_S))
        stills = stills_at(demuxed, moments)
        while True:
            with self._clock.stage("decode"):
                still = next(stills, None)
            if still is None:
                return
            yield still

    def _sound(self, demuxed: Demuxed) -> list[SoundMeasurement]:
        with self._clock.stage("sound_decode"):
            samples = audio_track.samples(demuxed)
        with self._clock.stage("sound"):
            return self._models.voice.measure(samples)


def _tiny(state: AttemptState) -> NDArray[np.uint8] | None:
    width, height = picture_quality.TINY
    if state.tiny is None or len(state.tiny) != width * height:
        return None
    return np.frombuffer(state.tiny, np.uint8).reshape(height, width)
