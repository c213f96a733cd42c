"""Small files: median at most 120 lines, nine in ten at most 300, none over 400 (tests 500)."""

from __future__ import annotations

import statistics
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_CODE = ("*.py", "*.js", "*.css", "*.sh", "*.tcss")


def _lengths(*directories: str) -> dict[str, int]:
    return {
        path.relative_to(ROOT).as_posix(): len(path.read_text().splitlines())
        for directory in directories
        for pattern in _CODE
        for path in (ROOT / directory).rglob(pattern)
        if path.stat().st_size > 0
    }


def test_no_file_is_too_long() -> None:
    product = _lengths("appliance", "tui", "firmware_scripts")
    tests = _lengths("tests")
    assert {name: n for name, n in product.items() if n > 400} == {}
    assert {name: n for name, n in tests.items() if n > 500} == {}


def test_most_files_are_short() -> None:
    lengths = sorted(_lengths("appliance", "tui", "firmware_scripts").values())
    assert statistics.median(lengths) <= 120
    assert lengths[int(len(lengths) * 0.9)] <= 300
