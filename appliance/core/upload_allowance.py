"""How much one seat may have sent: what a camera can have recorded, and some more.

A candidate's page is a program on somebody else's computer. Without a bound one seat could fill the
disk that every seat writes to. Who is over it waits and loses nothing. Counted in the memory of one
gateway and by a clock that only grows, so that a wall clock that jumps holds nobody up.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.settings import Capture

# What waited in a page's spool may come at once: two hours of a cut line.
AT_ONCE_S = 7_200.0
# Then so many times what a camera records, for recorders that overshoot and for what is sent twice.
TIMES = 4.0
_LEAST_BYTES_S = 40_000.0  # recorders do not go as low as settings may ask


def bytes_a_second(capture: Capture) -> float:
    """What a page is told to record, picture and sound."""
    asked = (capture.video_bits_per_second + capture.audio_bits_per_second) / 8
    return max(asked, _LEAST_BYTES_S)


@dataclass(slots=True)
class Sent:
    """What one seat has sent since `since_s`, in seconds of a clock that only grows."""

    since_s: float
    uploads: int = 0
    size: int = 0

    def wait_s(self, capture: Capture, now_s: float) -> float:
        """How long until one more upload is within what may have been recorded; 0 when it is."""
        recorded_s = max(
            (self.uploads + 1) * capture.snippet_seconds, self.size / bytes_a_second(capture)
        )
        return max(0.0, (recorded_s - AT_ONCE_S) / TIMES - (now_s - self.since_s))

    def add(self, size: int) -> None:
        self.uploads += 1
        self.size += size
