"""Each reading before a start is judged at its threshold, for this exam's own settings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from appliance.core import start_gate as gate
from appliance.core.attempt import Attempt
from appliance.core.checkup import Check, CheckStatus, clock, ok
from appliance.core.exam import Seat
from appliance.core.keys import PepperKeeping
from appliance.core.night_forecast import Forecast
from appliance.core.night_window import Span
from appliance.core.settings import Capture, Descriptor, ExamSettings, Features, Retention
from appliance.core.snippet import PriorityClass
from tests.contract.store.samples import attempt

OK, WARN, FAIL = CheckStatus.OK, CheckStatus.WARN, CheckStatus.FAIL
GB = 1_000_000_000


def _settings(**features: bool) -> ExamSettings:
    return ExamSettings(
        title="x",
        retention=Retention(days=30),
        duration_minutes=100,
        features=Features(**features),
        capture=Capture(video_bits_per_second=800_000, audio_bits_per_second=80_000),
    )


def _class(size: int, extra: int = 0) -> list[Attempt]:
    return [replace(attempt(n), extra_minutes=extra) for n in range(size)]


NOON_MS = round(datetime(2026, 11, 25, 12, tzinfo=UTC).timestamp() * 1000)


def _night(nights: int, *, gb: int = 21, hours: float | None = 30.0) -> Check:
    finishes_ms = None if hours is None else NOON_MS + round(hours * 3_600_000)
    opens_ms = NOON_MS + 10 * 3_600_000
    span = Span(opens_ms=opens_ms, closes_ms=opens_ms + 8 * 3_600_000, cap_bit_s=5_000_000)
    planned = Forecast(
        bytes=gb * GB,
        nights=nights,
        finishes_ms=finishes_ms,
        order=tuple((kind, gb * GB // 4) for kind in PriorityClass),
        windows=(span,) * nights,
    )
    return gate.night(planned, NOON_MS, UTC)


def test_the_forecast_counts_candidates_minutes_and_bits() -> None:
    hour = 3600 * 800_000 / 8 * 1.08
    assert gate.forecast_bytes(_settings(video_snippets=True), _class(30, 20)) == 60 * hour
    assert gate.forecast_bytes(_settings(), _class(30)) == 0
    with_sound = gate.forecast_bytes(
        _settings(video_snippets=True, audio_presence=True), _class(30, 20)
    )
    assert with_sound == pytest.approx(1.1 * 60 * hour)


_TWICE = [attempt(1), replace(attempt(2), seat=attempt(1).seat)]
_JUDGED: list[tuple[Check, CheckStatus]] = [
    (gate.disk(7 * GB, 10 * GB), OK),
    (gate.disk(9 * GB, 10 * GB), WARN),
    (gate.disk(11 * GB, 10 * GB), FAIL),
    (gate.disk(0, -GB), FAIL),  # below what the box keeps free for itself
    (gate.certificate(86_400, 14_400, []), OK),
    (gate.certificate(14_000, 14_400, []), FAIL),
    (gate.certificate(-1, 14_400, []), FAIL),
    (gate.certificate(86_400, 14_400, ["exam.school.example"]), WARN),
    (gate.models({}), OK),
    (gate.models({"yunet": "good", "silero": "good"}), OK),
    (gate.models({"yunet": "good", "silero": "missing"}), FAIL),
    (gate.models({"yunet": "changed", "silero": "missing"}), FAIL),
    (gate.workers(False, 0), OK),
    (gate.workers(True, 2), OK),
    (gate.workers(True, 0), WARN),
    (gate.relay(False, None, ""), OK),
    (gate.relay(True, 0.4, ""), OK),
    (gate.relay(True, None, "The relay does not answer."), FAIL),
    (gate.relay_later(), OK),
    (gate.backlog(0), OK),
    (gate.backlog(5 * GB), WARN),
    (gate.roster(_class(3)), OK),
    (gate.roster([]), FAIL),
    (gate.roster(_TWICE), FAIL),
    (gate.halls({"Aula"}, (), None), OK),
    (gate.halls({"Aula"}, ("Aula", "Annex"), {"Aula"}), OK),
    (gate.halls({"Auela"}, ("Aula", "Annex"), None), WARN),
    (gate.halls({"Aula", "Annex"}, (), {"Aula"}), WARN),
    (gate.night(None, NOON_MS), OK),
    (_night(0, gb=0, hours=None), OK),
    (_night(1, hours=16.5), OK),
    (_night(1, hours=None), OK),
    (_night(2), WARN),
    (_night(0, hours=None), WARN),
    (gate.pepper(PepperKeeping.TPM), OK),
    (gate.pepper(PepperKeeping.HOST), WARN),
    (gate.pepper(PepperKeeping.FILE), WARN),
]


@pytest.mark.parametrize(("check", "status"), _JUDGED, ids=lambda value: str(value)[:50])
def test_a_reading_is_judged(check: Check, status: CheckStatus) -> None:
    assert check.status is status
    assert check.detail
    assert bool(check.advice) == (status is not OK)


@pytest.mark.parametrize(
    ("settings", "needed"),
    [
        (_settings(video_snippets=True, face_photo=True), set()),
        (_settings(video_snippets=True, audio_presence=True), {"silero"}),
        (_settings(video_snippets=True, track_misuse_metrics=True), {"yunet", "facemesh"}),
        (
            replace(
                _settings(video_snippets=True, face_photo=True, track_misuse_metrics=True),
                descriptor=Descriptor.BOTH,
            ),
            {"yunet", "facemesh", "dlib", "mobilefacenet"},
        ),
    ],
)
def test_models_are_needed_for_what_is_switched_on(
    settings: ExamSettings, needed: set[str]
) -> None:
    assert gate.needed_models(settings) == needed


_WARNED_ALONE = {"night", "pepper"}


@pytest.mark.parametrize(("check", "status"), _JUDGED, ids=lambda value: str(value)[:50])
def test_what_is_not_ok_wants_a_reason(check: Check, status: CheckStatus) -> None:
    report = gate.report([ok("a", "b"), check])
    stops = status is FAIL or (status is WARN and check.name not in _WARNED_ALONE)
    assert report.passed is not stops
    assert report.needs_reason == ((check.name,) if stops else ())
    assert report.not_ready == ((check,) if stops else ())


def test_every_check_that_warns_but_two_is_among_those_tried() -> None:
    warned = {check.name for check, status in _JUDGED if status is WARN}
    assert warned == _WARNED_ALONE | {"disk", "certificate", "media workers", "backlog", "halls"}
    assert "clock" not in warned  # the doctor's own, judged in test_checkup.py
    reading = clock(now_s=2e9, synchronised=False, source="", built_s=1e9)
    assert gate.report([reading]).needs_reason == ("clock",)


def test_two_nights_are_called_two_nights_before_the_start() -> None:
    of = "first records 5.25 GB, flagged footage 5.25 GB, portraits 5.25 GB, the rest 5.25 GB"
    through = "window 22:00 to 06:00, at most 5 Mbit/s"
    assert _night(2).detail == (
        f"21.00 GB with this exam: {of}; first {through}; Two nights, done Thu 26 Nov 18:00."
    )
    assert _night(1, hours=16.5).detail == (
        f"21.00 GB with this exam: {of}; {through}; One night, done 04:30."
    )
    assert "do not fit through the windows of a week" in _night(0, hours=None).detail
    assert gate.night(None, NOON_MS).detail == "this box keeps everything"


def test_the_same_label_in_two_halls_is_two_seats() -> None:
    elsewhere = replace(attempt(2), seat=Seat(hall="Annex", label=attempt(1).seat.label))
    assert gate.roster([attempt(1), elsewhere]).status is OK
