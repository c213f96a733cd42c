"""Look for what must not be there: every byte of every file under some directories."""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Mapping
from pathlib import Path

# What plaintext media would show. Long enough that ciphertext does not hold them by chance: six
# given bytes turn up in one of 280,000 gigabytes of random data (1e9 / 2**48).
MEDIA_MARKS: Mapping[str, bytes] = {
    "WebM document type": b"\x42\x82\x84webm",
    "WebM video track": b"V_VP8\x00",
    "WebM video track (no padding)": b"\x86\x85V_VP8",
    "Opus track": b"\x86\x86A_OPUS",
    "JPEG (JFIF)": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    # The first of the tables that nearly every encoder uses (ITU-T T.81, table K.3).
    "JPEG (Huffman table)": b"\x00\x01\x05" + b"\x01" * 6 + b"\x00" * 7 + bytes(range(12)),
}


def name_marks(names: Iterable[str]) -> dict[str, bytes]:
    """The ways a name could lie in a file: UTF-8, Latin-1, UTF-16."""
    marks: dict[str, bytes] = {}
    for name in names:
        for encoding in ("utf-8", "latin-1", "utf-16-le"):
            marks[f"name {name} ({encoding})"] = name.encode(encoding, errors="ignore")
    return {label: mark for label, mark in marks.items() if len(mark) > 3}


def scan(directories: Iterable[Path], marks: Mapping[str, bytes]) -> list[str]:
    """Return `label in path` for each mark found. Files that vanish meanwhile are skipped."""
    found: list[str] = []
    for directory in directories:
        for path in sorted(p for p in directory.rglob("*") if p.is_file() and not p.is_symlink()):
            found += [f"{label} in {path.relative_to(directory)}" for label in _in(path, marks)]
    return found


def _in(path: Path, marks: Mapping[str, bytes]) -> list[str]:
    try:
        with path.open("rb") as file:
            if path.stat().st_size == 0:
                return []
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                return [label for label, mark in marks.items() if content.find(mark) >= 0]
    except (FileNotFoundError, ValueError):  # deleted or truncated while it was looked at
        return []


def scan_bytes(where: str, content: bytes, marks: Mapping[str, bytes]) -> list[str]:
    return [f"{label} in {where}" for label, mark in marks.items() if mark in content]
