"""Ciphertext as files: `blobs/ab/ab12...`, one per sealed object, never overwritten.

A file appears under its name only when it is complete: written under another name in the same
directory, fsynced, linked into place, and the directory fsynced. So after a power cut a name
either has all its bytes or does not exist.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

from appliance.core.errors import Conflict, HallvaktError, NoRoom, NotFound, Unreachable
from appliance.core.ids import ObjectName, check_id
from appliance.shared_data import file_mode, make_directory

_UNFINISHED = ".unfinished-"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# No write of a few megabytes takes this long: what is older was left by a process that died.
_ABANDONED_S = 3600.0


class DirectoryBlobs:
    """Implements `core.ports.BlobStore`. Several processes may share a directory.

    When the disk fails an fsync, the kernel may already have dropped the bytes, and a second try
    would succeed without writing them: from then on every `put` raises Unreachable until the
    process is started again.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._broken: HallvaktError | None = None

    @property
    def failed(self) -> bool:
        """Whether nothing more is put until the process is started again."""
        return self._broken is not None

    async def put(self, name: ObjectName, sealed: bytes) -> None:
        await asyncio.to_thread(self._put, check_id(name), sealed)

    async def get(self, name: ObjectName) -> bytes:
        return await asyncio.to_thread(self._get, check_id(name))

    async def delete(self, name: ObjectName) -> None:
        await asyncio.to_thread(self._delete, check_id(name))

    async def names(self) -> AsyncIterator[ObjectName]:
        """In no particular order; what is put or deleted meanwhile may or may not be among them."""
        for shard in await asyncio.to_thread(_entries, self._directory):
            for name in await asyncio.to_thread(_entries, self._directory / shard):
                if not name.startswith(_UNFINISHED):
                    yield ObjectName(name)

    async def free_bytes(self) -> int:
        """What an ordinary process may still write, reserved blocks not counted."""
        return await asyncio.to_thread(self._free_bytes)

    async def sweep(self) -> int:
        """Remove what writers that died an hour ago or more left unfinished; answer how many."""
        return await asyncio.to_thread(self._sweep)

    # --- in a thread -----------------------------------------------------------------------

    def _path(self, name: str) -> Path:
        return self._directory / name[:2] / name

    def _put(self, name: str, sealed: bytes) -> None:
        if self._broken is not None:
            raise self._broken
        path = self._path(name)
        try:
            if not path.parent.is_dir():
                self._make_directory(path.parent)
            try:
                self._write_and_link(path, sealed)
            except FileNotFoundError:
                # A sweep took it for abandoned: the wall clock jumped while it was written.
                self._write_and_link(path, sealed)
            self._fsync(path.parent)
        except FileExistsError as error:
            raise Conflict("An object of this name is already kept.") from error
        except OSError as error:
            raise _translate(error) from error

    def _write_and_link(self, path: Path, sealed: bytes) -> None:
        unfinished = path.parent / f"{_UNFINISHED}{secrets.token_hex(8)}"
        try:
            self._write(unfinished, sealed)
            os.link(unfinished, path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                unfinished.unlink()

    def _make_directory(self, shard: Path) -> None:
        make_directory(self._directory)
        make_directory(shard)
        self._fsync(self._directory)

    def _free_bytes(self) -> int:
        make_directory(self._directory)
        disk = os.statvfs(self._directory)
        return disk.f_bavail * disk.f_frsize

    def _write(self, path: Path, content: bytes) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        descriptor = os.open(path, flags, file_mode(path.parent))
        try:
            remaining = memoryview(content)
            while remaining:
                remaining = remaining[os.write(descriptor, remaining) :]
            self._fsync_descriptor(descriptor)
        finally:
            os.close(descriptor)

    def _fsync(self, directory: Path) -> None:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._fsync_descriptor(descriptor)
        finally:
            os.close(descriptor)

    def _fsync_descriptor(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as error:
            self._broken = Unreachable(
                "The disk failed to keep what was written: stop the box and check the disk.",
                code="disk-failed",
            )
            raise self._broken from error

    def _get(self, name: str) -> bytes:
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound("The box has no object of this name (any more).") from error
        except OSError as error:
            raise _translate(error) from error

    def _delete(self, name: str) -> None:
        path = self._path(name)
        try:
            path.unlink()
            self._fsync(path.parent)
        except FileNotFoundError:
            return
        except OSError as error:
            raise _translate(error) from error

    def _sweep(self) -> int:
        count = 0
        for path in self._directory.glob(f"*/{_UNFINISHED}*"):
            with contextlib.suppress(FileNotFoundError):  # its writer may finish right now
                if time.time() - path.stat().st_mtime > _ABANDONED_S:
                    path.unlink()
                    count += 1
        return count


def _entries(directory: Path) -> list[str]:
    try:
        return os.listdir(directory)
    except FileNotFoundError:
        return []  # nothing was put yet


def _translate(error: OSError) -> HallvaktError:
    if error.errno in _FULL:
        return NoRoom("The box's disk is full: free some room, then try again.")
    if error.errno == errno.EROFS:
        return Unreachable(
            "The box's disk is read-only: stop the box and have the disk looked at.",
            code="disk-failed",
        )
    return Unreachable(f"The box's disk does not answer as it should: {error.strerror}.")
