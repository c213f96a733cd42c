"""The frames of one live view: only the newest is kept, and how fresh it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import av

from tui.half_blocks import Pixels, from_rgb, size_within

STALLED_AFTER_S = 2.0
LOST_AFTER_S = 5.0
_RATE_OVER_S = 2.0


class FrameMeter:
    """`monotonic` is injected so that tests need not wait. Keeps one frame, in memory."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._newest: av.VideoFrame | None = None
        self._taken = True
        self._times: deque[float] = deque()
        self._first_at: float | None = None
        self.frames = 0

    def add(self, frame: av.VideoFrame) -> None:
        now = self._monotonic()
        self._newest, self._taken = frame, False
        self._times.append(now)
        while now - self._times[0] > _RATE_OVER_S:
            self._times.popleft()
        if self._first_at is None:
            self._first_at = now
        self.frames += 1

    def drop(self) -> None:
        """Forget the picture: the view is over."""
        self._newest, self._taken = None, True

    @property
    def age_s(self) -> float:
        """Seconds since the newest frame came; 0 before the first."""
        return self._monotonic() - self._times[-1] if self._times else 0.0

    @property
    def running_s(self) -> float:
        return self._monotonic() - self._first_at if self._first_at is not None else 0.0

    @property
    def frames_per_second(self) -> float:
        recent = sum(1 for at in self._times if self._monotonic() - at <= _RATE_OVER_S)
        return recent / min(_RATE_OVER_S, max(0.5, self.running_s))

    @property
    def is_stalled(self) -> bool:
        return self.age_s > STALLED_AFTER_S

    @property
    def is_lost(self) -> bool:
        return self.age_s > LOST_AFTER_S

    def take(self, columns: int, lines: int) -> Pixels | None:
        """The newest frame scaled into the cells, once; None when it was taken already."""
        if self._taken or self._newest is None:
            return None
        width, height = size_within((self._newest.width, self._newest.height), columns, lines)
        if not width or not height:
            return None
        self._taken = True
        small = self._newest.reformat(width=width, height=height, format="rgb24")
        plane = small.planes[0]
        rows, stride, wanted = bytes(plane), plane.line_size, 3 * width
        if stride != wanted:
            rows = b"".join(rows[y * stride : y * stride + wanted] for y in range(height))
        return from_rgb(rows[: wanted * height], width, height)
