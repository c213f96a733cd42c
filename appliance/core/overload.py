"""What is left out, in which order, when more footage arrives than can be looked at.

The sign is live footage that waits: when several snippets of now have waited for long, one thing
more is left out, then after a while the next. Each is taken up again, the last first, only after a
calm time, so that the edge of what the box can do is not crossed to and fro. Footage that is old
already when it comes (a page that was offline, a restart) waits behind and is no overload.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

LIVE_MS = 30_000  # footage that ended this long ago or less is what the console needs now


class LeftOut(StrEnum):
    """In the order in which things are left out."""

    HEAD_POSE = "head_pose"
    HALF_THE_FRAMES = "half_the_frames"
    THUMBNAILS = "thumbnails"


_ORDER = tuple(LeftOut)
FEWER_FRAMES = 2.0  # times the usual time between two analysed frames


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`late_after_s`: a live snippet that waits longer is late; `late_per_worker`: late ones per
    worker that are an overload; `step_s` between two steps down, `calm_s` without a late one before
    each step back."""

    late_after_s: float = 12.0
    late_per_worker: int = 2
    step_s: float = 10.0
    calm_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overload:
    """`level` things are left out; `stepped_s` and `late_s` are monotonic seconds of the last step
    and of the last moment with a late snippet."""

    level: int = 0
    stepped_s: float = float("-inf")
    late_s: float = float("-inf")

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        return _ORDER[: self.level]


def advance(state: Overload, *, now_s: float, late: int, workers: int, limits: Limits) -> Overload:
    """The state at `now_s`, with `late` live snippets waiting too long. Call it every second.

    Without any worker nothing is left out: it would help nobody, and the console says already that
    nothing is being looked at.
    """
    if late:
        state = replace(state, late_s=now_s)
    if workers and late >= limits.late_per_worker * workers and state.level < len(_ORDER):
        if now_s - state.stepped_s >= limits.step_s:
            return replace(state, level=state.level + 1, stepped_s=now_s)
        return state
    calm_since = max(state.late_s, state.stepped_s)
    if state.level and now_s - calm_since >= limits.calm_s:
        return replace(state, level=state.level - 1, stepped_s=now_s)
    return state
