"""The scan finds what it should find: otherwise its silence would say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.rehearsal.clips import jpeg
from appliance.rehearsal.plaintext_scan import MEDIA_MARKS, name_marks, scan
from tests.support.clips import footage as staged

NAME = "Kandidat Å1b2c3d4"


def test_nothing_is_found_in_noise(tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(bytes(range(256)) * 4096)
    (tmp_path / "empty").touch()
    assert scan([tmp_path], dict(MEDIA_MARKS) | name_marks([NAME])) == []


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le"])
def test_a_name_is_found_in_any_encoding(tmp_path: Path, encoding: str) -> None:
    below = tmp_path / "deep" / "down"
    below.mkdir(parents=True)
    (below / "file").write_bytes(b"\x00" * 5000 + NAME.encode(encoding) + b"\x00")
    found = scan([tmp_path], name_marks([NAME]))
    assert any("deep/down/file" in where for where in found)


def test_plain_media_is_found(tmp_path: Path) -> None:
    footage = staged("president")
    (tmp_path / "snippet").write_bytes(b"before" + footage.snippet(0.0, 1.0, sound=True))
    (tmp_path / "photo").write_bytes(jpeg(footage.picture(0.0)))
    found = " ".join(scan([tmp_path], MEDIA_MARKS))
    assert "WebM video track" in found
    assert "Opus track" in found
    assert "JPEG (Huffman table) in photo" in found
