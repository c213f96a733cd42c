"""How fresh a live view is, on a clock that the test moves; and which relay is chosen."""

from __future__ import annotations

from typing import Any

import av
import pytest

from appliance.core.errors import Unreachable
from tui.live_frames import FrameMeter
from tui.relay_way import address_of, relay_ways


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _frame(width: int = 64, height: int = 48) -> av.VideoFrame:
    frame = av.VideoFrame(width, height, "rgb24")
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    return frame


def test_a_view_is_stalled_after_two_seconds_and_lost_after_five() -> None:
    clock = Clock()
    meter = FrameMeter(clock)
    assert not meter.is_stalled
    meter.add(_frame())
    clock.now += 1.9
    assert (meter.is_stalled, meter.is_lost) == (False, False)
    clock.now += 0.2
    assert (meter.is_stalled, meter.is_lost) == (True, False)
    clock.now += 3.0
    assert meter.is_lost


def test_a_new_frame_ends_the_stall() -> None:
    clock = Clock()
    meter = FrameMeter(clock)
    meter.add(_frame())
    clock.now += 6.0
    meter.add(_frame())
    assert not meter.is_stalled


def test_frames_per_second_over_the_last_two_seconds() -> None:
    clock = Clock()
    meter = FrameMeter(clock)
    for _ in range(60):
        meter.add(_frame())
        clock.now += 0.1
    assert meter.frames_per_second == pytest.approx(10, abs=0.6)
    assert meter.frames == 60


def test_a_frame_is_painted_once_and_then_gone() -> None:
    meter = FrameMeter(Clock())
    assert meter.take(40, 12) is None
    meter.add(_frame())
    pixels = meter.take(40, 12)
    assert pixels is not None
    assert (pixels.width, pixels.height) == (32, 24)
    assert len(pixels.rgb) == 3 * 32 * 24
    assert meter.take(40, 12) is None
    meter.add(_frame())
    meter.drop()
    assert meter.take(40, 12) is None


def test_no_room_to_paint_keeps_the_frame() -> None:
    meter = FrameMeter(Clock())
    meter.add(_frame())
    assert meter.take(0, 0) is None
    assert meter.take(40, 12) is not None


def test_udp_is_preferred_and_plain_before_tls() -> None:
    offered: list[dict[str, Any]] = [
        {"urls": "stun:127.0.0.1", "username": "u", "credential": "c"},
        {
            "urls": ["turns:127.0.0.1:2?transport=tcp", "turn:127.0.0.1:1?transport=udp"],
            "username": "u",
            "credential": "c",
        },
        {"urls": ["turn:127.0.0.1:1?transport=tcp"], "username": "u2", "credential": "c2"},
    ]
    ways = relay_ways(offered)
    assert [address_of(way) for way in ways] == [
        "turn:127.0.0.1:1?transport=udp",
        "turn:127.0.0.1:1?transport=tcp",
        "turns:127.0.0.1:2?transport=tcp",
    ]
    assert [way.username for way in ways] == ["u", "u2", "u"]


def test_what_worked_is_next_after_udp_and_tls_only_where_somebody_is_trusted() -> None:
    udp, tcp, tls = (
        "turn:127.0.0.1:1?transport=udp",
        "turn:127.0.0.1:1?transport=tcp",
        "turns:127.0.0.1:2?transport=tcp",
    )
    offered = [{"urls": [tls, tcp, udp], "username": "u", "credential": "c"}]
    assert [address_of(way) for way in relay_ways(offered, worked=tls)] == [udp, tls, tcp]
    assert [address_of(way) for way in relay_ways(offered, worked=tcp)] == [udp, tcp, tls]
    assert [address_of(way) for way in relay_ways(offered, tls=False)] == [udp, tcp]


@pytest.mark.parametrize("offered", [[], [{"urls": "stun:127.0.0.1"}]])
def test_without_a_relay_there_is_no_view(offered: list[dict[str, str]]) -> None:
    with pytest.raises(Unreachable, match="no relay"):
        relay_ways(offered)
