"""What one seat may send: never less than a camera records, never the whole disk."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.settings import Capture
from appliance.core.snippet import MAX_SNIPPET_BYTES
from appliance.core.upload_allowance import AT_ONCE_S, TIMES, Sent, bytes_a_second


@given(
    st.integers(5, 30), st.integers(50_000, 1_000_000), st.integers(1, 8 * 3600), st.floats(0.5, 2)
)
def test_who_records_by_the_settings_never_waits(
    seconds: int, rate: int, into_exam: int, overshoot: float
) -> None:
    capture = Capture(snippet_seconds=seconds, video_bits_per_second=rate)
    sent = Sent(since_s=100.0)
    for number in range(into_exam // seconds):
        assert sent.wait_s(capture, 100.0 + number * seconds) == 0
        sent.add(int(bytes_a_second(capture) * seconds * overshoot))


def test_two_hours_of_a_cut_line_come_at_once() -> None:
    capture, sent = Capture(), Sent(since_s=5.0)
    for _ in range(round(AT_ONCE_S) // capture.snippet_seconds):
        assert sent.wait_s(capture, 5.0) == 0
        sent.add(round(bytes_a_second(capture) * capture.snippet_seconds))
    assert sent.wait_s(capture, 5.0) > 0


@given(st.sampled_from([1, 5_000, MAX_SNIPPET_BYTES]))
def test_a_flood_takes_four_times_a_seat_and_waits_for_the_rest(size: int) -> None:
    capture, sent, now = Capture(), Sent(since_s=0.0), 0.0
    for _ in range(2_000):
        now += sent.wait_s(capture, now)  # who waits as long as it is told is taken
        assert sent.wait_s(capture, now) < 1e-6
        sent.add(size)
    most_s = AT_ONCE_S + TIMES * now + capture.snippet_seconds
    assert sent.uploads * capture.snippet_seconds <= most_s + 1
    assert sent.size <= most_s * bytes_a_second(capture) + 2 * MAX_SNIPPET_BYTES
    assert now > 0
