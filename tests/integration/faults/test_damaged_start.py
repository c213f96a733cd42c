"""A gateway does not start over a damaged or a missing database, and says what does: never empty,
and with an exit code of its own, so that whoever starts it does not try for ever."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.box import ROOT, RealBox, clean_environment

_INTEGRITY = 6  # core.errors.IntegrityFailure


def _damage(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    database.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "harm"),
    [("box", _damage), ("audit", Path.unlink), ("box", Path.unlink)],
    ids=["damaged", "audit-gone", "box-gone"],
)
def test_the_gateway_ends_with_its_own_code_and_names_repair(
    box: RealBox, name: str, harm: Callable[[Path], None]
) -> None:
    file = box.state / "db" / f"{name}.db"
    harm(file)
    before = file.read_bytes() if file.exists() else None
    words = [sys.executable, "-m", "appliance.processes.gateway", "--state", str(box.state)]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=200, cwd=ROOT, env=clean_environment()
    )
    assert done.returncode == _INTEGRITY, done.stderr
    assert f"{name}.db" in done.stderr
    assert "hallvakt repair" in done.stderr
    assert (file.read_bytes() if file.exists() else None) == before  # left for the repair
    assert not (box.state / "run" / "gateway.sock").exists()
