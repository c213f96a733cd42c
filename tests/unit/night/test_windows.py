"""Windows on the clock of the school, also over midnight and over the change of the clocks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from appliance.core.errors import BadInput
from appliance.core.night_window import DAYS, THE_NIGHT, Window, check, current, spans

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NIGHT = Window(opens="22:00", closes="06:00", cap_mbit_s=4)
LUNCH = Window(opens="11:30", closes="12:30", days=("wed",), metered=True)


def _ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM).timestamp() * 1000)


def _text(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, STOCKHOLM).strftime("%a %H:%M")


def test_a_window_over_midnight_belongs_to_the_day_it_opens_on() -> None:
    friday = replace(NIGHT, days=("fri",))
    assert current([friday], _ms("2026-11-27 23:00"), STOCKHOLM) is not None
    assert current([friday], _ms("2026-11-28 05:59"), STOCKHOLM) is not None
    assert current([friday], _ms("2026-11-28 06:00"), STOCKHOLM) is None
    assert current([friday], _ms("2026-11-28 23:00"), STOCKHOLM) is None


def test_several_windows_in_order_of_time() -> None:
    coming = list(spans([NIGHT, LUNCH], _ms("2026-11-25 08:00"), STOCKHOLM))
    assert [_text(span.opens_ms) for span in coming[:3]] == ["Wed 11:30", "Wed 22:00", "Thu 22:00"]
    assert (coming[0].metered, coming[0].cap_bit_s) == (True, None)
    assert (coming[1].metered, coming[1].cap_bit_s) == (False, 4_000_000)
    assert [_text(s.opens_ms) for s in coming if s.metered] == ["Wed 11:30", "Wed 11:30"]


def test_where_two_overlap_the_first_to_open_holds() -> None:
    late = Window(opens="23:00", closes="07:00", cap_mbit_s=50)
    now = _ms("2026-11-25 23:30")
    span = current([NIGHT, late], now, STOCKHOLM)
    assert span is not None
    assert span.cap_bit_s == 4_000_000
    after = current([NIGHT, late], _ms("2026-11-26 06:30"), STOCKHOLM)
    assert after is not None
    assert (after.cap_bit_s, _text(after.opens_ms)) == (50_000_000, "Thu 06:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-10-24", 9), ("2026-03-28", 7)])
def test_the_night_of_the_clock_change(day: str, hours: int) -> None:
    span = current(THE_NIGHT, _ms(f"{day} 22:30"), STOCKHOLM)
    assert span is not None
    assert span.closes_ms - span.opens_ms == hours * 3_600_000


def test_a_window_of_a_whole_day_has_no_gap() -> None:
    always = [Window(opens="00:00", closes="00:00")]
    coming = list(spans(always, _ms("2026-11-25 08:00"), STOCKHOLM))
    assert all(a.closes_ms == b.opens_ms for a, b in pairwise(coming))
    assert len(coming) == 8


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (Window(), "from must be a time"),
        (Window(opens="22:00", closes="24:00"), "to must be a time"),
        (Window(opens="22:00", closes="6:00"), "to must be a time"),
        (replace(NIGHT, days=()), "days"),
        (replace(NIGHT, days=("mån",)), "mon, tue"),
        (replace(NIGHT, cap_mbit_s=0.0), "cap_mbit_s"),
        (Window(opens="22:00", closes="06:00", shared=True), "a shared line needs cap_mbit_s"),
    ],
)
def test_what_is_no_window(wrong: Window, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        check(wrong)


def test_days_are_those_of_the_calendar() -> None:
    assert len(DAYS) == 7
    check(NIGHT)
