"""Tombstones in a plain file beside the databases: `STATE/erased/tombstones.jsonl`.

A database can be put back to the state of an old backup; this file stands apart from it and only
grows. One JSON object a line, fsynced before anything is destroyed.
"""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Sequence
from io import RawIOBase
from pathlib import Path

import msgspec

from appliance.core.errors import IntegrityFailure
from appliance.core.pack_journal import Tombstone
from appliance.shared_data import file_mode, make_directory
from appliance.whole_file import unwritable

_LINE = msgspec.json.Decoder(Tombstone)


class TombstoneFile:
    """Implements `core.erasure.TombstoneLog`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = asyncio.Lock()

    async def append(self, tombstones: Sequence[Tombstone]) -> None:
        """Raise NoRoom when it cannot be written."""
        async with self._lock:
            await asyncio.to_thread(self._append, tombstones)

    async def read(self) -> Sequence[Tombstone]:
        """Raise IntegrityFailure for a damaged line; a last one that a power cut left unfinished
        was never acted upon and does not count."""
        return await asyncio.to_thread(self._read)

    def _append(self, tombstones: Sequence[Tombstone]) -> None:
        known = {(t.exam_id, t.attempt_id) for t in self._read()}
        fresh = [t for t in tombstones if (t.exam_id, t.attempt_id) not in known]
        if not fresh:
            return
        try:
            make_directory(self._path.parent)
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, file_mode(self._path.parent))
            with os.fdopen(descriptor, "r+b", buffering=0) as file:
                end = (file.read() or b"").rfind(b"\n") + 1  # over an unfinished line
                file.seek(end)
                file.truncate()
                _add(file, end, b"".join(msgspec.json.encode(t) + b"\n" for t in fresh))
            for directory in (self._path.parent, self._path.parent.parent):
                _fsync(directory)
        except OSError as error:
            said = unwritable(self._path, error)
            raise type(said)(f"Nothing was erased. {said.message}", code=said.code) from error

    def _read(self) -> list[Tombstone]:
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return []
        try:
            return [_LINE.decode(line) for line in content.split(b"\n")[:-1]]
        except msgspec.DecodeError as error:
            raise IntegrityFailure(
                f"{self._path} is damaged: what was erased must not come back. Restore this file."
            ) from error


def _add(file: RawIOBase, end: int, lines: bytes) -> None:
    """All of it or nothing; raises OSError."""
    try:
        if file.write(lines) != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    except OSError:
        file.truncate(end)
        raise


def _fsync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
