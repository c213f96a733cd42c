"""A disk that is full, for real: an 8 MiB tmpfs in a mount namespace of the test's own."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from appliance.adapters.store.failures import SqliteFailure, translate
from appliance.core.errors import NoRoom
from appliance.core.ids import ObjectName
from tests.integration.store.test_durability import check_kept
from tests.support.box import ROOT, clean_environment

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


_FAILING = """
import asyncio, sys
from pathlib import Path
from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.core.errors import Unreachable
from appliance.core.ids import ObjectName
A, B = ObjectName("0a" * 16), ObjectName("0b" * 16)
async def main():
    blobs = DirectoryBlobs(Path(sys.argv[1]))
    await blobs.put(A, b"x")
    for _ in range(2):  # the second fsync would succeed, and lie
        try:
            await blobs.put(B, b"y")
        except Unreachable as error:
            print(error.message)
    print(await blobs.get(A), [name async for name in blobs.names()] == [A])
asyncio.run(main())
"""


@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")
def test_after_a_failed_fsync_a_blob_store_takes_nothing_more(tmp_path: Path) -> None:
    """The kernel fails the fifth: two are of new directories, two of the first blob."""
    failing = ["strace", "-f", "-o", "/dev/null", "-e", "trace=fsync"]
    failing += ["-e", "inject=fsync:error=EIO:when=5"]
    done = subprocess.run(
        [*failing, sys.executable, "-c", _FAILING, tmp_path / "blobs"],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    first, second, kept = done.stdout.splitlines()
    assert first == second
    assert "check the disk" in first
    assert kept == "b'x' True"


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
