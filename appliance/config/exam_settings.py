"""An exam's settings file (TOML) into `core.settings.ExamSettings`, and back.

[exam]       title, language, starts_at, duration_minutes, late_upload_minutes, descriptor,
             show_flags_after_hand_in
[features]   the switches, all off unless written
[basis]      legal_basis, dpia_reference
[capture]    how the candidate's page records
[join]       hall_code, code_minutes, hall_network, late_minutes
[retention]  days (required), local_days
[rules]      when measurements become an observation: keys, defaults and ranges are those of
             `core.settings.RuleThresholds`; `hallvakt record technical-file` lists them
[sync]       what = "all" | "flagged" | "none"
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from appliance.config import strict_toml
from appliance.core.errors import WrongConfiguration
from appliance.core.processing import check_dependencies
from appliance.core.rule_bounds import check_thresholds
from appliance.core.schedule import is_a_time
from appliance.core.settings import (
    Basis,
    Capture,
    Descriptor,
    ExamSettings,
    Features,
    Join,
    Retention,
    RuleThresholds,
    SyncScope,
)

_SOURCE = "The exam's settings"
_LANGUAGE = re.compile(r"[a-z]{2,3}")  # whether it is there, the box says (`core.languages`)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exam:
    title: str
    language: str = "sv"
    starts_at: str = ""
    duration_minutes: int = 240
    late_upload_minutes: int = 60
    descriptor: Descriptor = Descriptor.DLIB
    show_flags_after_hand_in: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sync:
    what: SyncScope = SyncScope.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    exam: _Exam
    retention: Retention
    features: Features = field(default_factory=Features)
    basis: Basis = field(default_factory=Basis)
    capture: Capture = field(default_factory=Capture)
    join: Join = field(default_factory=Join)
    rules: RuleThresholds = field(default_factory=RuleThresholds)
    sync: _Sync = field(default_factory=_Sync)


def parse_settings(toml_text: str) -> ExamSettings:
    """Return the settings; raise WrongConfiguration naming the key that is unknown, missing, of
    the wrong type or against another one."""
    file = strict_toml.read(strict_toml.parse(toml_text, _SOURCE), _File, _SOURCE)
    settings = ExamSettings(
        title=file.exam.title.strip(),
        language=file.exam.language,
        starts_at=file.exam.starts_at,
        duration_minutes=file.exam.duration_minutes,
        late_upload_minutes=file.exam.late_upload_minutes,
        descriptor=file.exam.descriptor,
        show_flags_after_hand_in=file.exam.show_flags_after_hand_in,
        retention=file.retention,
        features=file.features,
        basis=file.basis,
        capture=file.capture,
        join=file.join,
        rules=file.rules,
        sync=file.sync.what,
    )
    for sentence, wrong in _RANGES:
        if wrong(settings):
            raise WrongConfiguration(f"{_SOURCE}: {sentence}", code="wrong-value")
    check_thresholds(settings.rules, _SOURCE)
    check_dependencies(settings)
    return settings


def settings_text(settings: ExamSettings) -> str:
    """Return the settings as TOML with every value written out, always in the same order: what
    is kept, hashed at `ready`, and shown to whoever asks what an exam really does."""
    return strict_toml.write(
        {
            "exam": {
                "title": settings.title,
                "language": settings.language,
                "starts_at": settings.starts_at,
                "duration_minutes": settings.duration_minutes,
                "late_upload_minutes": settings.late_upload_minutes,
                "descriptor": settings.descriptor,
                "show_flags_after_hand_in": settings.show_flags_after_hand_in,
            },
            "features": asdict(settings.features),
            "basis": asdict(settings.basis),
            "capture": asdict(settings.capture),
            "join": asdict(settings.join),
            "retention": asdict(settings.retention),
            "rules": asdict(settings.rules),
            "sync": {"what": settings.sync},
        }
    )


_RANGES: tuple[tuple[str, Callable[[ExamSettings], bool]], ...] = (
    ("exam.title must not be empty.", lambda s: not s.title),
    (
        'exam.language must be the short name of a language, as "sv" or "en".',
        lambda s: not _LANGUAGE.fullmatch(s.language),
    ),
    (
        "exam.starts_at must be a day and a time, e.g. 2026-12-01T09:00.",
        lambda s: bool(s.starts_at) and not is_a_time(s.starts_at),
    ),
    (
        "exam.duration_minutes must be between 1 and 1440.",
        lambda s: not 1 <= s.duration_minutes <= 1440,
    ),
    (
        "exam.late_upload_minutes must be between 0 and 1440.",
        lambda s: not 0 <= s.late_upload_minutes <= 1440,
    ),
    (
        "retention.local_days must be between 0 and retention.days.",
        lambda s: not 0 <= s.retention.local_days <= max(s.retention.days, 0),
    ),
    ("join.code_minutes must be between 1 and 60.", lambda s: not 1 <= s.join.code_minutes <= 60),
    (
        "join.late_minutes must be between 0 and 1440.",
        lambda s: not 0 <= s.join.late_minutes <= 1440,
    ),
    (
        "capture.width and capture.height must be between 160x120 and 1280x720.",
        lambda s: not (160 <= s.capture.width <= 1280 and 120 <= s.capture.height <= 720),
    ),
    (
        "capture.frames_per_second must be between 1 and 30.",
        lambda s: not 1 <= s.capture.frames_per_second <= 30,
    ),
)
