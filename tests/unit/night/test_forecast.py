"""Bytes in, nights out; and two nights are called two nights."""

from __future__ import annotations

from datetime import UTC, datetime

from appliance.core.night_forecast import Measured, exam_bytes, expected_byte_s, forecast
from appliance.core.night_window import Window, spans
from appliance.core.night_words import sentence, whole
from appliance.core.settings import Capture, ExamSettings, Features, Retention, SyncScope
from appliance.core.snippet import PriorityClass

NOON_MS = round(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)
SIX_HOURS = [Window(opens="22:00", closes="04:00")]
ALL = ExamSettings(
    title="T",
    retention=Retention(days=30),
    features=Features(video_snippets=True, face_photo=True),
)
GB = 10**9


def _sizes(records: int, rest: int) -> dict[PriorityClass, int]:
    return {PriorityClass.RECORDS: records, PriorityClass.REST: rest}


def _utc(at_ms: int | None) -> str:
    assert at_ms is not None
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%a %H:%M")


def test_one_night() -> None:
    # 5 Mbit/s carry 2.25 GB an hour.
    planned = forecast(_sizes(0, 9 * GB), spans(SIX_HOURS, NOON_MS, UTC), NOON_MS, 5_000_000)
    assert (planned.nights, _utc(planned.finishes_ms)) == (1, "Thu 02:00")
    assert sentence(planned, NOON_MS, UTC) == "One night, done 02:00."


def test_two_nights_in_words() -> None:
    planned = forecast(_sizes(GB, 20 * GB), spans(SIX_HOURS, NOON_MS, UTC), NOON_MS, 5_000_000)
    assert (planned.bytes, planned.nights) == (21 * GB, 2)
    assert _utc(planned.finishes_ms) == "Fri 01:20"
    assert sentence(planned, NOON_MS, UTC) == "Two nights, done Fri 27 Nov 01:20."


def test_the_whole_forecast_in_one_line() -> None:
    """Bytes by class in their order, window, cap, nights and when it is done."""
    evening = [Window(opens="22:00", closes="04:00", cap_mbit_s=4, shared=True)]
    sizes = {
        PriorityClass.RECORDS: 4_000_000,
        PriorityClass.FLAGGED: 2 * GB,
        PriorityClass.PORTRAITS: 12_000_000,
        PriorityClass.REST: 10 * GB,
    }
    planned = forecast(sizes, spans(evening, NOON_MS, UTC), NOON_MS, 50_000_000)
    assert whole(planned, NOON_MS, UTC) == (
        "first records 4.0 MB, flagged footage 2.00 GB, portraits 12.0 MB, the rest 10.00 GB; "
        "first window 22:00 to 04:00, at most 4 Mbit/s of a shared line; "
        "Two nights, done Thu 26 Nov 23:01."
    )
    open_now = [Window(opens="10:00", closes="18:00", metered=True)]
    planned = forecast(_sizes(1000, 0), spans(open_now, NOON_MS, UTC), NOON_MS, 50_000_000)
    assert "; window now to 18:00, no cap, records only; One night, done 12:00." in whole(
        planned, NOON_MS, UTC
    )


def test_the_windows_that_are_needed_are_named_with_their_caps() -> None:
    week = [
        Window(opens="12:30", closes="13:00", metered=True),
        Window(opens="22:00", closes="04:00", days=("wed",), cap_mbit_s=5),
        Window(opens="22:00", closes="04:00", days=("thu", "fri"), cap_mbit_s=10),
    ]
    planned = forecast(_sizes(0, 20 * GB), spans(week, NOON_MS, UTC), NOON_MS, None)
    assert [(_utc(s.opens_ms), s.cap_bit_s) for s in planned.windows] == [
        ("Wed 22:00", 5_000_000),
        ("Thu 22:00", 10_000_000),
    ]
    unknown = forecast(_sizes(0, GB), spans(week[:1] + SIX_HOURS, NOON_MS, UTC), NOON_MS, None)
    assert [_utc(s.opens_ms) for s in unknown.windows] == ["Wed 22:00"]


def test_a_cap_binds_and_an_open_window_counts_from_now() -> None:
    capped = [Window(opens="10:00", closes="22:00", cap_mbit_s=4)]
    planned = forecast(_sizes(0, GB), spans(capped, NOON_MS, UTC), NOON_MS, 50_000_000)
    seconds = 8 * GB / (4_000_000 * 0.95)
    assert planned.finishes_ms == NOON_MS + round(seconds * 1000)


def test_what_a_week_cannot_carry_is_said() -> None:
    planned = forecast(_sizes(0, 900 * GB), spans(SIX_HOURS, NOON_MS, UTC), NOON_MS, 5_000_000)
    assert (planned.nights, planned.finishes_ms) == (0, None)
    assert "do not fit" in sentence(planned, NOON_MS, UTC)


def test_a_metered_window_carries_records_only() -> None:
    metered = [
        Window(opens="13:00", closes="14:00", metered=True),
        Window(opens="22:00", closes="04:00"),
    ]
    only_records = forecast(_sizes(GB, 0), spans(metered, NOON_MS, UTC), NOON_MS, 50_000_000)
    assert _utc(only_records.finishes_ms) == "Wed 13:02"
    both = forecast(_sizes(GB, GB), spans(metered, NOON_MS, UTC), NOON_MS, 50_000_000)
    assert (both.nights, _utc(both.finishes_ms)) == (2, "Wed 22:02")


def test_without_a_measured_line_there_is_no_time_of_finishing() -> None:
    planned = forecast(_sizes(0, GB), spans(SIX_HOURS, NOON_MS, UTC), NOON_MS, None)
    assert (planned.nights, planned.finishes_ms) == (1, None)
    assert "known after the first night" in sentence(planned, NOON_MS, UTC)


def test_nothing_to_send() -> None:
    planned = forecast({}, spans(SIX_HOURS, NOON_MS, UTC), NOON_MS, None)
    assert (planned.bytes, planned.nights, planned.finishes_ms) == (0, 0, None)
    assert sentence(planned, NOON_MS, UTC) == "Nothing to send."


def test_a_four_hour_exam_of_two_hundred_is_some_tens_of_gigabytes() -> None:
    sizes = exam_bytes(ALL, 200, 0, Measured())
    assert 25 * GB <= sum(sizes.values()) <= 65 * GB
    assert list(sizes) == list(PriorityClass)


def test_what_was_measured_takes_the_place_of_the_default() -> None:
    measured = Measured(footage_byte_s=10_000.0, flagged_share=0.25)
    sizes = exam_bytes(ALL, 10, 60, measured)  # one candidate has an hour more
    footage = 10_000 * 60 * (10 * 240 + 60)
    assert sizes[PriorityClass.FLAGGED] == footage // 4
    assert sizes[PriorityClass.REST] == footage - footage // 4
    assert expected_byte_s(Capture()) > 10_000


def test_scopes_and_features() -> None:
    def of(settings: ExamSettings) -> dict[PriorityClass, int]:
        return exam_bytes(settings, 10, 0, Measured())

    retention = Retention(days=30)
    nothing = ExamSettings(title="T", retention=retention, sync=SyncScope.NONE)
    flagged = ExamSettings(
        title="T",
        retention=retention,
        features=Features(video_snippets=True),
        sync=SyncScope.FLAGGED,
    )
    assert sum(of(nothing).values()) == 0
    assert of(flagged)[PriorityClass.REST] == 0
    assert of(flagged)[PriorityClass.FLAGGED] > 0
    assert of(flagged)[PriorityClass.PORTRAITS] == 0  # no photo is taken
