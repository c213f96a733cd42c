"""The one table of what is processed: setting -> category -> purpose, place, recipients.

The guards in ingest and the media worker, the candidate's notice, the Art. 30 record and the
tests all read this table; nothing else decides what may be processed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.errors import WrongConfiguration
from appliance.core.settings import ExamSettings, Features


class Category(StrEnum):
    """A kind of data. Members of `BIOMETRIC` are Art. 9 data."""

    LIVE_PICTURE = "live_picture"  # relayed, never stored
    SNIPPET = "snippet"  # sealed video with its own sound
    THUMBNAIL = "thumbnail"  # one still of a snippet
    PORTRAIT = "portrait"  # face photo at check-in
    SOUND_PRESENCE = "sound_presence"  # conversation / noise: yes or no over time
    PICTURE_QUALITY = "picture_quality"  # covered, frozen, dark; no face model
    FACE_COUNT = "face_count"  # nobody, one, several
    HEAD_POSE = "head_pose"  # looking away
    DESCRIPTOR = "descriptor"  # biometric vector, compared 1:1
    HALL_SOUND = "hall_sound"  # the hall microphone's presence signal


BIOMETRIC = frozenset({Category.DESCRIPTOR})
NEEDS_FACE_MODEL = frozenset({Category.FACE_COUNT, Category.HEAD_POSE, Category.DESCRIPTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row: `permitted_by` names the settings that must all be on."""

    category: Category
    permitted_by: tuple[str, ...]
    purpose: str  # message id, translated in notice.py
    stored: bool
    in_cloud: bool
    recipients: tuple[str, ...]


_HALL = ("invigilator", "lead_invigilator")
_LATER = ("reviewer",)

TABLE: tuple[Rule, ...] = (
    Rule(
        category=Category.LIVE_PICTURE,
        permitted_by=("live_view",),
        purpose="purpose.live_view",
        stored=False,
        in_cloud=False,
        recipients=_HALL,
    ),
    Rule(
        category=Category.SNIPPET,
        permitted_by=("video_snippets",),
        purpose="purpose.snippet",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.THUMBNAIL,
        permitted_by=("video_snippets",),
        purpose="purpose.thumbnail",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.PORTRAIT,
        permitted_by=("face_photo",),
        purpose="purpose.portrait",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.SOUND_PRESENCE,
        permitted_by=("audio_presence", "video_snippets"),
        purpose="purpose.sound_presence",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.PICTURE_QUALITY,
        permitted_by=("video_snippets",),
        purpose="purpose.picture_quality",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.FACE_COUNT,
        permitted_by=("track_misuse_metrics",),
        purpose="purpose.face_count",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.HEAD_POSE,
        permitted_by=("track_misuse_metrics",),
        purpose="purpose.head_pose",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
    Rule(
        category=Category.DESCRIPTOR,
        permitted_by=("track_misuse_metrics",),
        purpose="purpose.descriptor",
        stored=True,
        in_cloud=False,  # it is of use during the exam only, and destroyed at close
        recipients=(),
    ),
    Rule(
        category=Category.HALL_SOUND,
        permitted_by=("hall_microphone",),
        purpose="purpose.hall_sound",
        stored=True,
        in_cloud=True,
        recipients=_HALL + _LATER,
    ),
)

_BY_CATEGORY = {rule.category: rule for rule in TABLE}


def rule_for(category: Category) -> Rule:
    return _BY_CATEGORY[category]


def permitted(features: Features) -> frozenset[Category]:
    """The categories these features allow, and no others."""
    return frozenset(
        rule.category
        for rule in TABLE
        if all(getattr(features, name) for name in rule.permitted_by)
    )


@dataclass(frozen=True, slots=True)
class _Dependency:
    broken: Callable[[ExamSettings], bool]
    sentence: str


_DEPENDENCIES = (
    _Dependency(
        lambda s: s.features.track_misuse_metrics and not s.features.video_snippets,
        "track_misuse_metrics needs video_snippets: switch video_snippets on, or the metrics off.",
    ),
    _Dependency(
        lambda s: s.features.track_misuse_metrics and not s.features.face_photo,
        "track_misuse_metrics needs face_photo to compare with: switch face_photo on, "
        "or the metrics off.",
    ),
    _Dependency(
        lambda s: (
            s.features.track_misuse_metrics
            and not (s.basis.legal_basis.strip() and s.basis.dpia_reference.strip())
        ),
        "track_misuse_metrics processes biometric data: write basis.legal_basis and "
        "basis.dpia_reference into the settings first.",
    ),
    _Dependency(
        lambda s: s.features.audio_presence and not s.features.video_snippets,
        "audio_presence listens to the snippets' own sound: switch video_snippets on, "
        "or audio_presence off.",
    ),
    _Dependency(
        lambda s: s.retention.days < 1,
        "retention.days must be at least 1: say how long the exam's data may exist.",
    ),
    _Dependency(
        lambda s: not 5 <= s.capture.snippet_seconds <= 30,
        "capture.snippet_seconds must be between 5 and 30.",
    ),
)


def check_dependencies(settings: ExamSettings) -> None:
    """Raise WrongConfiguration with one sentence when the settings contradict each other."""
    for dependency in _DEPENDENCIES:
        if dependency.broken(settings):
            raise WrongConfiguration(dependency.sentence, code="settings-dependency")
