"""A disk that is full, for real: an 8 MiB tmpfs in a mount namespace of the test's own."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.store.failures import SqliteFailure, translate
from appliance.core.errors import NoRoom, Unreachable
from appliance.core.ids import ExamId, ObjectName
from tests.integration.store.test_durability import check_kept

A, B = ObjectName("0a" * 16), ObjectName("0b" * 16)

# Fill the disk, copy out what is there, make room, and write on.
_SCRIPT = """
set -e
mount -t tmpfs -o size=8m tmpfs "$1"
"$2" -m tests.integration.store.writer "$1" 1 "$4" > "$3/first.txt"
cp -a "$1" "$3/full"
head -c 65536 /dev/zero > "$1/ballast" || true
ls "$1/blobs" | head -n 60 | while read shard; do rm -r "$1/blobs/$shard"; done
timeout -s KILL 3 "$2" -m tests.integration.store.writer "$1" 100001 2000 > "$3/second.txt" || true
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
@pytest.mark.parametrize("size", [60_000, 500])
def test_a_full_disk_refuses_keeps_what_it_has_and_takes_more_when_there_is_room(
    tmp_path: Path, size: int
) -> None:
    """Large snippets fill the disk in a blob, small ones as often in the database."""
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    out.mkdir()
    command = ["unshare", "-m", "sh", "-c", _SCRIPT, "sh"]
    subprocess.run([*command, disk, sys.executable, out, str(size)], check=True, timeout=100)
    *lines, last = (out / "first.txt").read_text().splitlines()
    assert last.startswith("full The box's disk is full")
    acknowledged = [(int(n), name, digest) for n, name, digest in map(str.split, lines)]
    assert len(acknowledged) > 20
    # Copied to a disk with room: all that was acknowledged is there and every row has its bytes.
    asyncio.run(check_kept(out / "full", acknowledged))
    assert (out / "second.txt").read_text().count("\n") > 3
    shutil.rmtree(out)


def failing(error: int) -> object:
    def fail(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    return fail


async def test_a_full_disk_under_a_blob_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = DirectoryBlobs(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", failing(errno.ENOSPC))
        with pytest.raises(NoRoom):
            await blobs.put(A, b"x")
    assert [name async for name in blobs.names()] == []
    await blobs.put(A, b"x")  # there is room again


async def test_after_a_failed_fsync_a_blob_store_takes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = DirectoryBlobs(tmp_path)
    await blobs.put(A, b"x")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(errno.EIO))
        with pytest.raises(Unreachable, match="check the disk"):
            await blobs.put(B, b"y")
    with pytest.raises(Unreachable, match="check the disk"):
        await blobs.put(B, b"y")  # fsync would succeed now, and lie
    assert await blobs.get(A) == b"x"
    assert [name async for name in blobs.names()] == [A]


@pytest.mark.parametrize(
    ("code", "kind"),
    [(apsw.SQLITE_IOERR_SHMSIZE, NoRoom), (apsw.SQLITE_IOERR_FSYNC, SqliteFailure)],
)
def test_what_could_not_grow_is_no_room_and_what_failed_to_be_kept_is_not(
    code: int, kind: type[Exception]
) -> None:
    """The one is told before anything is written; after the other nobody knows what is there."""
    error = apsw.IOError("disk I/O error")
    setattr(error, "extendedresult", code)  # noqa: B010 (it has no type for it)
    said = translate(error, Path("box.db"))
    assert type(said) is kind
    assert ("SQLITE_IOERR_FSYNC" in said.message) is (kind is SqliteFailure)


def test_a_full_disk_under_key_files_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, exam = LiveKeyFiles(tmp_path), ExamId("0e" * 16)
    files.put_pepper(exam, bytes(32))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", failing(errno.ENOSPC))
        with pytest.raises(NoRoom):
            files.put_pepper(exam, b"\x01" * 32)
    assert files.pepper(exam) == bytes(32)
