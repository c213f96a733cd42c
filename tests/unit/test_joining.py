"""Who may sit down: the hall's code, its network, and the time for joining."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.attempt import Attempt
from appliance.core.exam import Exam, ExamState
from appliance.core.joining import hall_code, is_hall_code, is_in_networks, joins_late
from appliance.core.settings import Join
from tests.contract.store.samples import attempt, exam

SECRET, MINUTE = bytes(range(32)), 60_000
NOON = 1_000_000 * 5 * MINUTE


def test_a_code_is_good_for_its_period_and_the_next() -> None:
    code = hall_code(SECRET, "Aula", 5, NOON + 4 * MINUTE)
    assert code.until_ms == NOON + 5 * MINUTE
    for minute, good in ((0, True), (4, True), (5, True), (9, True), (10, False), (-1, False)):
        now = NOON + minute * MINUTE
        assert is_hall_code(SECRET, "Aula", 5, now, code.code) is good, minute


def test_each_hall_secret_and_period_has_a_code_of_its_own() -> None:
    codes = {
        hall_code(secret, hall, 5, NOON + period * 5 * MINUTE).code
        for secret in (SECRET, bytes(32))
        for hall in ("Aula", "Annex", "Östra")
        for period in range(50)
    }
    assert len(codes) > 295  # of 300; some of 100,000 may be alike
    assert all(len(code) == 5 and code.isdigit() for code in codes)


@pytest.mark.parametrize("typed", ["", "00000x", "\udcff", "ÅÄÖ2", "9" * 500, "٣٣٣٣٣"])
def test_what_is_no_code_is_wrong_and_no_error(typed: str) -> None:
    assert not is_hall_code(SECRET, "Aula", 5, NOON, typed)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.20.3.4", True),
        ("::ffff:10.20.3.4", True),
        ("10.21.0.1", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("", False),
        ("@", False),
    ],
)
def test_networks(address: str, inside: bool) -> None:
    assert is_in_networks(address, ("10.20.0.0/16", "2001:db8::/64")) is inside


def _live(late_minutes: int) -> Exam:
    settings = replace(exam().settings, join=Join(late_minutes=late_minutes))
    return replace(exam(), state=ExamState.LIVE, started_ms=NOON, settings=settings)


def _late(minutes: float, of: Attempt | None = None, late_minutes: int = 30) -> bool:
    return joins_late(_live(late_minutes), of or attempt(), NOON + round(minutes * MINUTE))


def test_who_comes_in_time_joins_and_who_comes_later_asks() -> None:
    assert not _late(30)
    assert _late(30.1)
    assert _late(0.1, late_minutes=0)


def test_who_was_let_in_or_has_joined_before_is_not_late() -> None:
    assert not _late(90, replace(attempt(), admitted_late_ms=NOON))
    assert not _late(90, replace(attempt(), joined_ms=NOON))


def test_nobody_is_late_before_the_start() -> None:
    waiting = replace(_live(0), state=ExamState.OPEN, started_ms=None)
    assert not joins_late(waiting, attempt(), NOON)
