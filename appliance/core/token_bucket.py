"""A cap that holds on the line, not in the program: bytes as they travel, at an even pace. Pure.

The generic cell rate algorithm (ITU-T I.371, annex A): each piece has a moment before which it may
not go, and a piece that comes late may use what was left unused only up to `BURST_S`.
"""

from __future__ import annotations

BURST_S = 0.1
_SEGMENT_BYTES, _SEGMENT_OVERHEAD = 1448, 52  # IPv4 and TCP with timestamps, 1500 bytes a packet
_RECORD_BYTES, _RECORD_OVERHEAD = 16_384, 22  # TLS 1.3 (RFC 8446, section 5)


def wire_bytes(count: int) -> int:
    """What `count` bytes of a body are on the line, with TLS, TCP and IP around them."""
    records = -(-count // _RECORD_BYTES)
    inside = count + records * _RECORD_OVERHEAD
    return inside + -(-inside // _SEGMENT_BYTES) * _SEGMENT_OVERHEAD


class TokenBucket:
    """Times are seconds of a clock that only grows."""

    def __init__(self) -> None:
        self._next_s = float("-inf")

    def wait_s(self, count: int, bit_s: int, now_s: float) -> float:
        """How long to wait before `count` bytes may go at `bit_s`; they count as sent."""
        start = max(self._next_s, now_s - BURST_S)
        self._next_s = start + 8 * count / bit_s
        return max(0.0, start - now_s)
