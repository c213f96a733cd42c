"""The school's policy, `STATE/policy.toml`: ceilings that no exam's settings may go beyond.

[features]        allowed = ["live_view", ...]       which switches may ever be on
[retention]       min_days, max_days, max_local_days
[descriptor]      allowed = ["dlib", "mobilefacenet", "both"]
[sync]            allowed = ["all", "flagged", "none"]
[misuse_metrics]  dpo_approval = "..."               without it, the metrics stay off

Without the file there are no ceilings; a table or key left out sets none, but for `dpo_approval`,
which a school that has a policy must write before misuse metrics can be on. The file is read each
time an exam is made or becomes ready, so what was just written counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from appliance.config import strict_toml
from appliance.core.errors import WrongConfiguration
from appliance.core.policy import FEATURES, Policy, check_policy
from appliance.core.settings import Descriptor, ExamSettings, SyncScope

FILE_NAME = "policy.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Features:
    allowed: tuple[str, ...] = FEATURES


@dataclass(frozen=True, slots=True, kw_only=True)
class _Retention:
    min_days: int = 1
    max_days: int | None = None
    max_local_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Descriptor:
    allowed: tuple[Descriptor, ...] = tuple(Descriptor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sync:
    allowed: tuple[SyncScope, ...] = tuple(SyncScope)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MisuseMetrics:
    dpo_approval: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    features: _Features = field(default_factory=_Features)
    retention: _Retention = field(default_factory=_Retention)
    descriptor: _Descriptor = field(default_factory=_Descriptor)
    sync: _Sync = field(default_factory=_Sync)
    misuse_metrics: _MisuseMetrics = field(default_factory=_MisuseMetrics)


def load_policy(state_dir: Path) -> Policy | None:
    """None when the school has written none; raise WrongConfiguration when it cannot be read, so
    that a policy with a slip of the pen is never as good as none."""
    path = state_dir / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise WrongConfiguration(f"{path} cannot be read: {error}.", code="policy") from error
    return parse_policy(text, str(path))


def parse_policy(text: str, source: str = FILE_NAME) -> Policy:
    """Raise WrongConfiguration naming the key that is unknown, of the wrong type or impossible."""
    file = strict_toml.read(strict_toml.parse(text, source), _File, source)
    for name in file.features.allowed:
        if name not in FEATURES:
            raise _wrong(source, f"features.allowed: {name} is none of {', '.join(FEATURES)}.")
    low, high = file.retention.min_days, file.retention.max_days
    if low < 1 or (high is not None and high < low):
        raise _wrong(source, "retention.min_days must be at least 1 and not above max_days.")
    return Policy(
        features=frozenset(file.features.allowed),
        min_days=low,
        max_days=high,
        max_local_days=file.retention.max_local_days,
        descriptors=frozenset(file.descriptor.allowed),
        sync=frozenset(file.sync.allowed),
        dpo_approval=file.misuse_metrics.dpo_approval,
    )


def check_against(state_dir: Path, settings: ExamSettings) -> None:
    """Raise WrongConfiguration when the settings go beyond the policy of this box."""
    policy = load_policy(state_dir)
    if policy is not None:
        check_policy(settings, policy)


def _wrong(source: str, sentence: str) -> WrongConfiguration:
    return WrongConfiguration(f"{source}: {sentence}", code="wrong-value")
