"""Figures for monitoring, the support bundle, and the factory reset, on a box that runs."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.store import snapshots
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from tests.support.box import ROSTER, SETTINGS, RealBox, running_box
from tests.support.tiny_webm import tiny_webm

CANARIES = [row.split(",")[0] for row in ROSTER.splitlines()[1:]]


def _hallvakt(*words: str, state: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", *words, "--state", str(state)],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )


def _answering(answer: str, *words: str, state: Path) -> subprocess.CompletedProcess[str]:
    """At a terminal, where somebody types `answer`."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        return subprocess.run(
            [sys.executable, "-m", "appliance.cli.main", *words, "--state", str(state)],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=theirs,
        )
    finally:
        os.close(ours)
        os.close(theirs)


async def _run(*words: str, state: Path) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(_hallvakt, *words, state=state)


@contextmanager
def _read_only(directory: Path) -> Iterator[None]:
    subprocess.run(["mount", "--bind", directory, directory], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", directory], check=True)
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


async def test_figures_and_bundle_of_a_live_exam_hold_no_canary(tmp_path: Path) -> None:
    async with running_box(tmp_path) as box:
        lead = await box.login()
        exam = await box.new_exam(lead, SETTINGS, to="live")
        page = box.api()
        joined = (await page.join(exam.code, exam.seats["A1"], PageKey())).json
        await page.check_in()
        assert (await page.upload(1, tiny_webm(1))).status == 201

        figures = await _run("metrics", state=box.state)
        assert figures.returncode == 0, figures.stderr
        assert 'hallvakt_seats{state="recording"} 1.0' in figures.stdout
        assert "hallvakt_upload_seconds_count 1.0" in figures.stdout
        assert "hallvakt_exams_in_session 1.0" in figures.stdout
        assert set(re.findall(r"\{(\w+)=", figures.stdout)) <= {"state", "status", "le"}
        over_tls = await lead.ask("GET", "/box/v1/metrics")
        assert over_tls.status == 403  # on the box itself only

        with (box.state / "log" / "gateway.log").open("a") as log:
            log.write(json.dumps({"event": "x", "reason": f"{CANARIES[0]} 10.9.8.7"}) + "\n")
            log.write(f"Traceback: {CANARIES[1]} anna@school.example\n")
        out = tmp_path / "bundle.json"
        refused = await _run("support-bundle", str(out), state=box.state)
        assert (refused.returncode, out.exists()) == (2, False)  # nobody saw it, nothing is saved
        for answer, code, there in (("n", 4, False), ("", 4, False), ("j", 0, True)):
            asked = await asyncio.to_thread(
                _answering, answer, "support-bundle", str(out), state=box.state
            )
            assert f"Save this as {out}?" in asked.stdout
            assert (asked.returncode, out.exists()) == (code, there)
        assert out.read_text() in asked.stderr
        out.unlink()
        saved = await _run("support-bundle", str(out), "--yes", state=box.state)
        assert saved.returncode == 0, saved.stderr
        text = await asyncio.to_thread(out.read_text)
        assert text in saved.stderr  # nothing is saved that was not shown
        bundle: dict[str, Any] = json.loads(text)
        assert {check["name"] for check in bundle["checks"]} > {"disk", "relay", "certificate"}
        assert bundle["rows"]["attempts"] == 3
        assert any(line["event"] == "gateway ready" for line in bundle["log"])
        leaks = [*CANARIES, "127.0.0.1", "10.9.8.7", "school.example", "lena", exam.code]
        leaks += [joined["attempt"], joined["token"], exam.exam, str(box.state)]
        assert [leak for leak in leaks if leak in text] == []

        running = await _run("factory-reset", "--confirm", "Hallvakt", state=box.state)
        assert (running.returncode, (box.state / "box.toml").exists()) == (4, True)


@pytest.fixture
def made(tmp_path: Path) -> RealBox:
    box = RealBox(tmp_path / "box", free_port())
    box.make()
    return box


def test_a_factory_reset_destroys_what_it_says(made: RealBox) -> None:
    wrong = _hallvakt("factory-reset", "--confirm", "Another", state=made.state)
    assert wrong.returncode == 4
    assert "nothing was destroyed" in wrong.stderr
    assert (made.state / "keys" / "box_signing.pem").exists()
    asked = _hallvakt("factory-reset", state=made.state)
    assert asked.returncode == 2
    # What a box gathers over the years: copies of its databases, and languages of its own.
    snapshots.make(made.state / "db", made.state / "snapshots" / "before-2")
    (made.state / "languages").mkdir()
    (made.state / "languages" / "fi.po").write_text("")
    key, same_blocks = made.state / "keys" / "box_signing.pem", made.state.parent / "key"
    os.link(key, same_blocks)  # what a disk has left of it
    before = same_blocks.read_bytes()
    done = _hallvakt("factory-reset", "--confirm", "Hallvakt", "--json", state=made.state)
    assert done.returncode == 0, done.stderr
    left = same_blocks.read_bytes()
    assert (len(left), b"PRIVATE KEY" in before, b"KEY" in left) == (len(before), True, False)
    gone = json.loads(done.stdout)["destroyed"]
    named = [entry["what"] for entry in gone]
    assert named[:3] == ["live", "keys", "tls"]
    assert {"snapshots", "languages"} < set(named)
    assert list(made.state.iterdir()) == []


def test_a_damaged_box_can_be_reset_too_when_told_so(made: RealBox) -> None:
    (made.state / "db" / "box.db").write_bytes(b"not a database")
    words = ("factory-reset", "--confirm", "Hallvakt")
    assert _hallvakt(*words, state=made.state).returncode == 6
    done = _hallvakt(*words, "--even-unsent", state=made.state)
    assert done.returncode == 0, done.stderr
    assert "Left: /etc/credstore.encrypted/hallvakt-pepper*" in done.stdout
    assert list(made.state.iterdir()) == []


def test_a_reset_that_was_stopped_says_how_far_it_came_and_goes_on(made: RealBox) -> None:
    recordings = made.state / "blobs" / "ab"
    recordings.mkdir()
    (recordings / "ab12").write_text("sealed")
    other_disk = made.state.parent / "elsewhere"
    other_disk.mkdir()
    (other_disk / "gateway.log").write_text("{}")
    (made.state / "log").rmdir()
    (made.state / "log").symlink_to(other_disk)  # put on another disk
    (made.state / "mine").symlink_to(Path(__file__).parent)  # nothing of the box's
    words = ("factory-reset", "--confirm", "Hallvakt")
    with _read_only(recordings):
        cut = _hallvakt(*words, state=made.state)
    assert cut.returncode == 5, cut.stderr
    assert "destroyed so far: live, keys, tls, db" in cut.stderr
    done = _hallvakt(*words, "--json", state=made.state)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["destroyed"][0]["what"] == "blobs"
    assert list(made.state.iterdir()) == []
    assert not other_disk.exists()
    assert Path(__file__).exists()


def test_a_key_that_cannot_be_overwritten_stops_a_reset_before_anything_else_is_gone(
    made: RealBox,
) -> None:
    (made.state / "live" / "exam").mkdir()
    key = made.state / "live" / "exam" / "pepper"
    key.write_text("secret")
    with _read_only(key.parent):
        cut = _hallvakt("factory-reset", "--confirm", "Hallvakt", state=made.state)
    assert cut.returncode == 5, cut.stderr
    assert "destroyed so far: nothing" in cut.stderr
    assert (made.state / "db" / "box.db").exists()
