"""A file that is written whole is on the disk before it has its name, and its name is before the
command has ended: seen from the kernel's side."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.box import ROOT

_WRITES = "from pathlib import Path; from appliance.whole_file import {0}; {0}(Path({1!r}), b'new')"


@pytest.mark.parametrize(
    ("how", "named_by"), [("replace_whole", "rename"), ("create_whole", "link")]
)
def test_bytes_then_name_then_directory(how: str, named_by: str, tmp_path: Path) -> None:
    seen = tmp_path / "calls"
    calls = "trace=fsync,rename,renameat,renameat2,link,linkat"
    words = [sys.executable, "-c", _WRITES.format(how, str(tmp_path / "file"))]
    done = subprocess.run(
        ["strace", "-qq", "-y", "-o", str(seen), "-e", calls, *words],
        capture_output=True, text=True, timeout=60, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "file").read_bytes() == b"new"
    here = [line for line in seen.read_text().splitlines() if str(tmp_path) in line]
    content, name, directory = (line for line in here if line.endswith("= 0"))
    assert re.match(r"fsync\(\d+<.*/\.file\.", content)
    assert name.startswith(named_by)
    assert re.match(rf"fsync\(\d+<{re.escape(str(tmp_path))}>", directory)
