"""What is said about a box, and that the dashboard asks for figures that there are."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.cli.fleet_metrics import exposition
from appliance.core.fleet import DAY_MS, HOUR_MS, Health, State, judge, judge_all, version_key
from appliance.core.ids import BoxId
from appliance.services.fleet_records import health_document, read_health

NOW = 1_795_420_800_000
GOOD = Health(
    box_id=BoxId("b" * 32),
    name="Aula",
    at_ms=NOW - HOUR_MS,
    version="1.2.0",
    last_sync_ms=NOW - HOUR_MS,
    last_verified_ms=NOW - HOUR_MS,
    last_drill_ms=NOW - HOUR_MS,
    drill_ok=True,
    backlog_bytes=0,
    backlog_exams=0,
    disk_used_percent=40,
    certificate_ends_ms=NOW + 300 * DAY_MS,
    clock_ahead_ms=12,
    next_window_ms=NOW + 12 * HOUR_MS,
)


def test_a_box_that_is_well() -> None:
    judged = judge(GOOD, NOW, "1.2.0")
    assert (judged.state, judged.notes) == (State.OK, ())


@pytest.mark.parametrize(("late_h", "state"), [(-24, State.OK), (12, State.OK), (13, State.FAIL)])
def test_a_box_without_a_window_at_the_weekend_is_not_called_silent(
    late_h: int, state: State
) -> None:
    """From Friday night on; silent is who did not speak in the first window after it."""
    weekend = replace(
        GOOD, at_ms=NOW - (72 + late_h) * HOUR_MS, next_window_ms=NOW - late_h * HOUR_MS
    )
    assert judge(weekend, NOW, "1.2.0").state is state


@pytest.mark.parametrize(
    ("health", "state", "word"),
    [
        (
            replace(GOOD, at_ms=NOW - 50 * HOUR_MS, next_window_ms=NOW - 26 * HOUR_MS),
            State.FAIL,
            "silent",
        ),
        (replace(GOOD, drill_ok=False), State.FAIL, "drill"),
        (replace(GOOD, disk_used_percent=90), State.WARN, "disk"),
        (replace(GOOD, disk_used_percent=97), State.FAIL, "disk"),
        (replace(GOOD, certificate_ends_ms=NOW - 1), State.FAIL, "ended"),
        (replace(GOOD, certificate_ends_ms=NOW + 3 * DAY_MS), State.WARN, "3 days"),
        (replace(GOOD, certificate_ends_ms=NOW + 28 * DAY_MS), State.WARN, "28 days"),
        (replace(GOOD, clock_ahead_ms=-5_000), State.WARN, "-5.0 s"),
        (replace(GOOD, version="1.1.9"), State.WARN, "1.2.0"),
        (
            replace(GOOD, backlog_bytes=1, last_sync_ms=NOW - 48 * HOUR_MS),
            State.WARN,
            "no night",
        ),
    ],
)
def test_what_needs_somebody(health: Health, state: State, word: str) -> None:
    judged = judge(health, NOW, "1.2.0")
    assert judged.state is state
    assert any(word in note for note in judged.notes)


def test_the_worst_come_first() -> None:
    late = replace(GOOD, name="B", disk_used_percent=90)
    silent = replace(GOOD, name="C", at_ms=0, next_window_ms=None)
    assert [j.health.name for j in judge_all([GOOD, late, silent], NOW)] == ["C", "B", "Aula"]


def test_versions_are_numbers() -> None:
    versions = ["1.10.0", "1.9.2", "1.9", "1.10.0.dev1"]
    assert max(versions, key=version_key) in ("1.10.0", "1.10.0.dev1")
    assert version_key("1.9.2") < version_key("1.10.0")


def test_a_record_there_and_back() -> None:
    assert read_health(health_document(GOOD)) == GOOD
    never = replace(GOOD, last_sync_ms=None, drill_ok=None, clock_ahead_ms=None)
    assert read_health(health_document(never)) == never
    assert read_health({"_id": "b" * 32, "at": "yesterday"}) is None
    assert read_health({**health_document(GOOD), "disk_used_percent": None}) is None


def test_the_metrics_leave_out_what_was_never_measured() -> None:
    judged = judge_all([GOOD, replace(GOOD, box_id=BoxId("c" * 32), drill_ok=None)], NOW)
    text = exposition(judged)
    assert text.count("hallvakt_drill_ok{") == 1
    assert 'hallvakt_disk_used_ratio{box="' + "b" * 32 + '",name="Aula"} 0.4' in text


def test_the_dashboard_asks_for_figures_there_are() -> None:
    path = Path(__file__).parents[2] / "firmware_scripts" / "fleet_dashboard.json"
    board = json.loads(path.read_text())
    asked = {
        name
        for panel in board["panels"]
        for target in panel["targets"]
        for name in re.findall(r"hallvakt_\w+", target["expr"])
    }
    given = set(re.findall(r"^# TYPE (hallvakt_\w+)", exposition([judge(GOOD, NOW, "")]), re.M))
    assert len(asked) >= 8
    assert asked <= given
