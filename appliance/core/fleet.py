"""How every box is, out of what each said last. Pure.

A box says little: times, sizes, percentages, its name and version. No exam, no person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.core.ids import BoxId

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
# A box speaks after each night, and outside its windows not at all: at a weekend perhaps not for
# days. Half a day more is a night that took long.
SILENT_MS, LATE_MS = 36 * HOUR_MS, 12 * HOUR_MS
# Browsers refuse the box when its certificate has ended. Its own a box renews 30 days ahead,
# within a minute; another is the school's to renew.
CERTIFICATE_MS = 29 * DAY_MS
DISK_PERCENT, DISK_FULL_PERCENT = 85, 95
# Snippets are placed in time by the box's clock; rules look at seconds.
CLOCK_MS = 2_000


class State(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What one box said at `at_ms`. Times in Unix milliseconds, None for never; `clock_ahead_ms`
    against the database's clock, None when it was not asked."""

    box_id: BoxId
    name: str
    at_ms: int
    version: str
    last_sync_ms: int | None
    last_verified_ms: int | None
    last_drill_ms: int | None
    drill_ok: bool | None
    backlog_bytes: int
    backlog_exams: int
    disk_used_percent: int
    certificate_ends_ms: int | None
    clock_ahead_ms: int | None
    next_window_ms: int | None = None  # when it will next be let to speak


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    health: Health
    state: State
    notes: tuple[str, ...]


def judge(health: Health, now_ms: int, newest: str) -> Judged:
    """`newest` is the highest version of the fleet."""
    found: list[tuple[State, str]] = []
    silent = now_ms - health.at_ms
    expected_ms = max(health.at_ms + SILENT_MS, (health.next_window_ms or 0) + LATE_MS)
    if now_ms > expected_ms:
        found.append((State.FAIL, f"silent for {silent // HOUR_MS} h: is it on, has it a line?"))
    if health.drill_ok is False:
        found.append((State.FAIL, "the restore drill failed: see `hallvakt sync status` there"))
    if health.disk_used_percent >= DISK_FULL_PERCENT:
        found.append((State.FAIL, f"disk {health.disk_used_percent} % full"))
    elif health.disk_used_percent >= DISK_PERCENT:
        found.append((State.WARN, f"disk {health.disk_used_percent} % full"))
    ends = health.certificate_ends_ms
    if ends is not None and ends <= now_ms:
        found.append((State.FAIL, "its certificate has ended: browsers refuse it"))
    elif ends is not None and ends - now_ms < CERTIFICATE_MS:
        found.append((State.WARN, f"certificate ends in {(ends - now_ms) // DAY_MS} days"))
    if health.backlog_bytes and (health.last_sync_ms or 0) < now_ms - SILENT_MS:
        found.append((State.WARN, "recordings wait and no night has sent any: look at the line"))
    if health.clock_ahead_ms is not None and abs(health.clock_ahead_ms) > CLOCK_MS:
        found.append((State.WARN, f"clock {health.clock_ahead_ms / 1000:+.1f} s off"))
    if version_key(health.version) < version_key(newest):
        found.append((State.WARN, f"version {health.version}, others have {newest}"))
    worst = max((state for state, _ in found), key=list(State).index, default=State.OK)
    return Judged(health=health, state=worst, notes=tuple(note for _, note in found))


def judge_all(healths: Sequence[Health], now_ms: int) -> list[Judged]:
    """The worst first, then by name."""
    newest = max((h.version for h in healths), key=version_key, default="")
    judged = [judge(health, now_ms, newest) for health in healths]
    return sorted(judged, key=lambda j: (-list(State).index(j.state), j.health.name))


def version_key(version: str) -> tuple[tuple[int, str], ...]:
    """`1.10.0` is after `1.9.2`; a part that is no number counts as zero, then by its letters."""
    parts = version.replace("-", ".").replace("+", ".").split(".")
    return tuple((int(p), "") if p.isdigit() else (0, p) for p in parts)
