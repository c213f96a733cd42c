"""How a rehearsal ends for a script: 0 when it was good, 6 when not, told in full either way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.cli.main import run
from appliance.cli.rehearse import tell
from appliance.core.capacity import Held, Readings, capacity
from appliance.rehearsal.class_report import ClassReport

READ = Readings(
    candidates=2, seconds=60.0, cpu_cores=0.1, cores=2, rss_peak_bytes=600_000_000,
    rss_idle_bytes=500_000_000, memory_bytes=4_000_000_000, disk_free_bytes=10**11,
    received_bytes=2_000_000, link_bit_s=None,
)  # fmt: skip
HELD = Held(
    lost=0, refused=0, ack_p99_ms=120.0, ack_p99_quiet_ms=60.0, ack_p99_rush_ms=110.0,
    ack_p99_end_ms=130.0, staged=1, observed=1,
    observation_delay_p95_s=0.8, live_views=2, live_views_shown=2, storm_seconds=3.0,
)  # fmt: skip
GOOD = ClassReport(
    box="Aula", throw_away=False, minutes=1, acknowledged=60, read=READ, class_cores=0.1,
    held=HELD, capacity=capacity(READ),
)  # fmt: skip


@pytest.mark.parametrize("lost", [0, 1])
def test_one_that_lost_something_ends_as_a_failure(
    lost: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = replace(GOOD, held=replace(HELD, lost=lost))
    file = tmp_path / "report.json"

    def rehearsed(*_: object, **__: object) -> None:
        tell(done, file, as_json=False)

    assert run(["rehearse"], rehearsed) == (6 if lost else 0)
    said = capsys.readouterr()
    assert ("NOT GOOD:" in said.out) is bool(lost)
    assert ("The rehearsal was not good" in said.err) is bool(lost)
    assert "About " in said.out  # what it found is told all the same
    kept = json.loads(file.read_bytes())
    assert (kept["good"], kept["lost"]) == (not lost, lost)
