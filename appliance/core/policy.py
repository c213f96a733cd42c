"""The school's ceilings: what no exam's settings may go beyond, whoever writes them.

A policy only ever forbids. What an exam does is still said by its own settings, and switches that
need each other are still `core.processing`'s to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from appliance.core.errors import WrongConfiguration
from appliance.core.processing import NEEDS_FACE_MODEL, permitted
from appliance.core.settings import Descriptor, ExamSettings, Features, SyncScope

FEATURES = tuple(field.name for field in fields(Features))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Days are `retention.days` of an exam. `dpo_approval` refers to the data protection officer's
    recorded approval of misuse metrics; while it is empty they cannot be switched on."""

    features: frozenset[str] = frozenset(FEATURES)
    min_days: int = 1
    max_days: int | None = None
    max_local_days: int | None = None
    descriptors: frozenset[Descriptor] = frozenset(Descriptor)
    sync: frozenset[SyncScope] = frozenset(SyncScope)
    dpo_approval: str = ""


def conflicts(settings: ExamSettings, policy: Policy) -> tuple[str, ...]:
    """One sentence for each setting beyond its ceiling, naming both; empty when all is within."""
    return tuple(_conflicts(settings, policy))


def check_policy(settings: ExamSettings, policy: Policy) -> None:
    """Raise WrongConfiguration with the first of `conflicts`."""
    for sentence in _conflicts(settings, policy):
        raise WrongConfiguration(sentence, code="policy")


def _conflicts(settings: ExamSettings, policy: Policy) -> Iterator[str]:
    for name in FEATURES:
        if getattr(settings.features, name) and name not in policy.features:
            yield (
                f"features.{name} is on, but the school's policy does not list it in "
                f"features.allowed: switch it off."
            )
    metrics = bool(permitted(settings.features) & NEEDS_FACE_MODEL)
    if metrics and not policy.dpo_approval.strip():
        yield (
            "features.track_misuse_metrics is on, but misuse_metrics.dpo_approval of the school's "
            "policy names no approval by the data protection officer: switch it off, or have it "
            "approved first."
        )
    if metrics and settings.descriptor not in policy.descriptors:
        yield (
            f'exam.descriptor is "{settings.descriptor}", but descriptor.allowed of the school\'s '
            f"policy is {_listed(policy.descriptors)}: choose one of those."
        )
    days, local_days = settings.retention.days, settings.retention.local_days
    if days < policy.min_days:
        yield (
            f"retention.days is {days}, but retention.min_days of the school's policy is "
            f"{policy.min_days}: keep it at least that long."
        )
    if policy.max_days is not None and days > policy.max_days:
        yield (
            f"retention.days is {days}, but retention.max_days of the school's policy is "
            f"{policy.max_days}: keep it no longer."
        )
    if policy.max_local_days is not None and local_days > policy.max_local_days:
        yield (
            f"retention.local_days is {local_days}, but retention.max_local_days of the school's "
            f"policy is {policy.max_local_days}: keep the box's copy no longer."
        )
    if settings.sync not in policy.sync:
        yield (
            f'sync.what is "{settings.sync}", but sync.allowed of the school\'s policy is '
            f"{_listed(policy.sync)}: choose one of those."
        )


def _listed(words: frozenset[Descriptor] | frozenset[SyncScope]) -> str:
    return ", ".join(f'"{word}"' for word in sorted(words)) or "empty"
