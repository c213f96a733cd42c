"""Acknowledged means kept: a writer is killed in the middle of things, again and again."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId, ObjectName
from tests.contract.store.samples import attempt

WHO: AttemptId = attempt().attempt_id


def acknowledged_before_kill(state: Path, first: int, after_s: float) -> list[tuple[int, str, str]]:
    """What the writer had said when SIGKILL ended it, `after_s` seconds after its first word."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.integration.store.writer", state, str(first), "20000"],
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        start = process.stdout.readline()
        assert start, "the writer said nothing"
        time.sleep(after_s)
        process.send_signal(signal.SIGKILL)
        lines = [start, *process.stdout.readlines()]
    assert process.returncode == -signal.SIGKILL
    # Each line is one write(2) of less than PIPE_BUF bytes, so none is cut.
    words = (line.decode().split() for line in lines)
    return [(int(number), name, digest) for number, name, digest in words]


async def check_kept(state: Path, acknowledged: list[tuple[int, str, str]]) -> int:
    """Every acknowledged snippet is there, and every row has its bytes. Answer the last number."""
    stores = await asyncio.to_thread(open_stores, state)
    blobs = DirectoryBlobs(state / "blobs")
    rows = {s.sequence: s.stored for s in await stores.snippets.snippets(WHO)}
    await stores.close()
    for number, name, digest in acknowledged:
        assert (rows[number].name, rows[number].sha256) == (name, digest)
    for stored in rows.values():
        sealed = await blobs.get(ObjectName(stored.name))
        assert hashlib.sha256(sealed).hexdigest() == stored.sha256
    return max(rows)


def _loop(tmp_path: Path, rounds: int) -> None:
    chance = random.Random(1)
    acknowledged: list[tuple[int, str, str]] = []
    first = 1
    for _ in range(rounds):
        acknowledged += acknowledged_before_kill(tmp_path, first, chance.uniform(0, 0.2))
        # Four lanes write every fourth number: the next round starts above all of them.
        first = asyncio.run(check_kept(tmp_path, acknowledged)) // 4 * 4 + 5
    assert len(acknowledged) >= rounds


def test_what_was_acknowledged_is_there_after_kill_9(tmp_path: Path) -> None:
    _loop(tmp_path, 10)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_what_was_acknowledged_is_there_after_kill_9_long(tmp_path: Path) -> None:
    _loop(tmp_path, 200)


async def test_what_a_dead_writer_left_unfinished_is_swept_when_it_is_old(tmp_path: Path) -> None:
    blobs = DirectoryBlobs(tmp_path)
    kept = ObjectName("ab" * 16)
    await blobs.put(kept, b"x")

    def leave(name: str, age_s: float) -> None:
        file = tmp_path / "ab" / name
        file.write_bytes(b"half")

        os.utime(file, (time.time() - age_s,) * 2)

    await asyncio.to_thread(leave, ".unfinished-old", 4000)
    await asyncio.to_thread(leave, ".unfinished-new", 10)
    assert [name async for name in blobs.names()] == [kept]
    assert await blobs.sweep() == 1
    assert await blobs.get(kept) == b"x"


async def test_a_blob_whose_unfinished_file_is_swept_away_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wall clock jumped ahead while it was written, and a sweep took it for abandoned."""
    blobs, link = DirectoryBlobs(tmp_path), os.link
    swept: list[Path] = []

    def link_after_sweep(source: Path, target: Path) -> None:
        if not swept:
            swept.append(source)
            source.unlink()
        link(source, target)

    monkeypatch.setattr(os, "link", link_after_sweep)
    kept = ObjectName("ab" * 16)
    await blobs.put(kept, b"x")
    assert len(swept) == 1
    assert await blobs.get(kept) == b"x"
    assert await asyncio.to_thread(lambda: [p.name for p in (tmp_path / "ab").iterdir()]) == [kept]
