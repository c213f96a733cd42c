"""The reviewer's key opens everything from the cloud copy; another key opens nothing."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from appliance.adapters.crypto.private_keys import write_private_key
from appliance.core.errors import Locked, NotFound
from appliance.core.ids import AttemptId, ExamId
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.archived_exam import ArchivedExam
from tests.support.closed_exam import TITLE, new_id, new_reviewer


async def test_every_byte_comes_back(archived: ArchivedExam) -> None:
    archive = archived.archive()
    (listed,) = [e for e in await archive.exams() if e.exam_id == archived.made.exam_id]
    assert (listed.state, listed.box_id) == ("archived", archived.made.box_id)
    assert listed.opens
    opened = await archive.open(listed.exam_id)
    assert opened.title == TITLE
    for (attempt, kind, sequence), plain in archived.made.plain.items():
        assert await archive.read(opened, attempt, kind, sequence) == plain
    assert {a.record["seat"] for a in opened.attempts.values() if a.record} == {"A1", "A2"}


async def test_another_key_opens_nothing(archived: ArchivedExam) -> None:
    archive = archived.archive(new_reviewer())
    assert not any(exam.opens for exam in await archive.exams())
    opened = await archive.open(archived.made.exam_id)
    assert opened.title is None
    assert all(a.locked and a.record is None for a in opened.attempts.values())
    for attempt, kind, sequence in archived.made.plain:
        with pytest.raises(Locked):
            await archive.read(opened, attempt, kind, sequence)


async def test_what_is_not_there(archived: ArchivedExam) -> None:
    archive = archived.archive()
    with pytest.raises(NotFound):
        await archive.open(ExamId(new_id()))
    opened = await archive.open(archived.made.exam_id)
    with pytest.raises(NotFound):
        await archive.read(opened, archived.made.attempts[0], ObjectKind.SNIPPET, 99)
    with pytest.raises(NotFound):
        await archive.read(opened, AttemptId(new_id()), ObjectKind.SNIPPET, 1)


async def _hallvakt(*words: str, passphrase: str) -> tuple[int, bytes, bytes]:
    read, write = os.pipe()
    os.write(write, passphrase.encode() + b"\n")
    os.close(write)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli.main", *words, "--passphrase-fd", str(read), "--json",
        pass_fds=(read,),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(read)
    out, said = await process.communicate()
    return process.returncode or 0, out, said


async def test_the_commands(
    archived: ArchivedExam, cloud: CloudServers, database: str, tmp_path: Path
) -> None:
    made, key, toml = archived.made, tmp_path / "reviewer.key", tmp_path / "cloud.toml"
    await asyncio.to_thread(write_private_key, key, made.reviewer, "open sesame")
    await asyncio.to_thread(cloud.describe, toml, database=database)
    where = ("--cloud", str(toml), "--key", str(key))
    code, out, said = await _hallvakt("review", "list", *where, passphrase="open sesame")
    assert code == 0, said
    (exam,) = json.loads(out)["exams"]
    assert (exam["exam"], exam["title"]) == (made.exam_id, TITLE)
    assert [a["seat"] for a in exam["attempts"]] == ["A1", "A2"]
    video = tmp_path / "video.webm"
    words = ("--attempt", made.attempts[0], "--sequence", "2", "--out", str(video))
    code, out, said = await _hallvakt("review", "extract", *where, *words, passphrase="open sesame")
    assert code == 0, said
    extracted = await asyncio.to_thread(video.read_bytes)
    assert extracted == made.plain[made.attempts[0], ObjectKind.SNIPPET, 2]
    code, out, said = await _hallvakt("review", "list", *where, passphrase="wrong")
    assert (code, out) == (4, b"")
    assert b"passphrase" in said
