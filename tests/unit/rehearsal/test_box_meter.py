"""What the rehearsal reads of the box's processes: those that are there, and one that ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.rehearsal.box_meter import BoxMeter

_SLEEPS = "import sys; print(flush=True); sys.stdin.read()"


@contextmanager
def _process(state: Path, module: str) -> Iterator[subprocess.Popen[bytes]]:
    """Called as one of the box's own; ends with its standard input."""
    words = [sys.executable, "-I", "-S", "-c", _SLEEPS]
    with subprocess.Popen(
        [*words, "-m", f"appliance.processes.{module}", "--state", str(state)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process
        finally:
            process.stdin.close()
            process.wait()


def test_what_ends_between_begin_and_end_is_told_by_name(tmp_path: Path) -> None:
    meter = BoxMeter(tmp_path / "box")
    with (
        _process(tmp_path / "box", "gateway"),
        _process(tmp_path / "box", "media_worker"),
        _process(tmp_path / "another", "gateway"),
    ):
        with _process(tmp_path / "box", "janitor"):
            meter.read()
            meter.read()
        meter.begin()  # before it, nothing is of the class's time
        meter.read()
        with _process(tmp_path / "box", "gateway"):
            meter.read()  # seen once: a child that becomes another program at once
        meter.read()
        assert meter.peak_bytes > 0
        assert meter.ended == []
        with _process(tmp_path / "box", "media_worker"):
            meter.read()
            meter.read()
        meter.end()
        assert meter.ended == ["media worker"]
    meter.read()  # nor after it
    assert meter.ended == ["media worker"]
