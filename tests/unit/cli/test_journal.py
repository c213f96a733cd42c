"""What commands of units leave in the journal: JSON lines without anything that was a value."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.cli.main import _OF_UNITS

CANARY = "Canary Testperson"
UNITS = Path(__file__).resolve().parents[3] / "systemd"

# The real command line; only the round itself is another, which meets what nobody foresaw.
_A_BAD_NIGHT = f"""
import logging
import structlog
import appliance.cli.janitor as janitor
from appliance.cli.main import main

async def clean(state, **_):
    try:
        int("{CANARY}")
    except ValueError:
        structlog.get_logger("janitor").warning("a row was left", exc_info=True)
    for _ in range(100):
        logging.getLogger("library").warning("put together: {CANARY}")
    raise KeyError("{CANARY}")

janitor.clean = clean
main(["janitor"])
"""


def test_a_janitor_that_fails_quotes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _A_BAD_NIGHT], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 70, done.stderr
    assert "Canary" not in done.stdout + done.stderr
    *log, last = done.stderr.splitlines()
    lines = [json.loads(line) for line in log]
    (own,) = [line for line in lines if line.get("event") == "a row was left"]
    assert own["exception"][0] == "builtins.ValueError"
    assert 0 < len([line for line in lines if line.get("logger") == "library"]) < 100
    assert last.startswith("hallvakt: this should not have happened (builtins.KeyError < ")
    assert re.search(r"__main__:\d+ clean", last)


def test_a_person_at_a_terminal_is_told_what_it_said() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "wb") as terminal:
        process = subprocess.Popen(
            [sys.executable, "-c", _A_BAD_NIGHT], stdout=subprocess.PIPE, stderr=terminal
        )
    said = b""
    with os.fdopen(ours, "rb", buffering=0) as reading:
        while b"HALLVAKT_TRACEBACK" not in said:
            said += reading.read(4096)
        process.communicate(timeout=120)
    assert f"KeyError: '{CANARY}'".encode() in said


@pytest.mark.parametrize("unit", sorted(path.name for path in UNITS.glob("*.service")))
def test_each_command_of_a_unit_logs_so(unit: str) -> None:
    commands = re.findall(r"^Exec\w+=-?\S*/bin/hallvakt (.*)$", (UNITS / unit).read_text(), re.M)
    for command in commands:
        words = tuple(command.split())
        if words[0] == "console":  # its screen is a terminal, not the journal
            continue
        assert any(words[: len(one)] == one for one in _OF_UNITS), command
