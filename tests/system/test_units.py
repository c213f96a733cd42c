"""The systemd units: syntax and exposure. That systemd starts them is not tested here."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analyse(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", *words], cwd=UNITS, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("unit", SERVICES)
def test_a_service_is_little_exposed(unit: str) -> None:
    done = analyse("security", "--offline=true", "--threshold=25", f"./{unit}")
    assert done.returncode == 0, done.stdout.splitlines()[-1]


@pytest.mark.parametrize("unit", [*SERVICES, *sorted(path.name for path in UNITS.glob("*.t[ia]*"))])
def test_a_unit_has_no_unknown_word(unit: str) -> None:
    said = analyse("verify", f"./{unit}").stderr
    assert not re.search(r"Unknown (key|section|lvalue)|Failed to parse", said), said


def test_the_media_worker_has_no_network_and_cannot_read_keys() -> None:
    text = (UNITS / "hallvakt-media-worker@.service").read_text()
    assert "PrivateNetwork=yes" in text
    assert re.search(r"InaccessiblePaths=.*/keys .*/live .*/db", text)
