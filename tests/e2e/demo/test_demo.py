"""The first promise of README: one command, a whole exam, everything real."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1300)]


def test_a_whole_exam_keeps_every_promise(tmp_path: Path) -> None:
    report_file = tmp_path / "report.json"
    done = subprocess.run(
        [
            sys.executable, "-m", "appliance.cli.main", "demo",
            "--candidates", "4",
            "--browser-candidates", "1",
            "--seconds", "45",
            "--no-console",
            "--report", str(report_file),
            "--keep", str(tmp_path / "kept"),
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )  # fmt: skip
    log = tmp_path / "kept" / "box.log"
    said = f"{done.stdout}\n{done.stderr}\n{log.read_text()[-4000:] if log.exists() else ''}"
    assert done.returncode == 0, said
    report = json.loads(report_file.read_text())
    assert report["snippets"]["lost"] == 0
    assert report["snippets"]["acknowledged"] >= 5 * 6  # nine each, on a machine that keeps up
    assert {s["event"] for s in report["staged"]} == {
        "nobody", "second_person", "other_person", "conversation",
    }  # fmt: skip
    assert all(s["observed"] for s in report["staged"])
    assert report["live_view"]["relayed"]
    assert report["live_view"]["frames"] > 10
    assert report["closed"]["views_ended_s"] <= 2.0
    assert report["closed"]["live_key_destroyed"]
    assert report["closed"]["box_can_open"] is False
    assert "reviewer" in report["closed"]["why_not"]
    assert report["sync"]["confirmed"]
    assert report["sync"]["purged_locally"] > 0
    assert report["review"]["opened_snippets"] == report["snippets"]["acknowledged"]
    assert report["plaintext_found"] == []
    assert "All promises held." in done.stdout


def test_wrong_options_are_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    for options in (["--seconds", "3"], ["--keep", str(tmp_path)], ["--candidates", "-1"]):
        done = subprocess.run(
            [sys.executable, "-m", "appliance.cli.main", "demo", "--no-console", *options],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 2
        assert done.stderr.count("\n") == 1
        assert "Traceback" not in done.stderr
