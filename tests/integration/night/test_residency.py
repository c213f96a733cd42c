"""Whoever writes to the cloud asks first where both ends lie: outside the EU the database is
logged in to by nobody, and the bucket stays as it is."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.crypto.private_keys import write_private_key
from appliance.cli.sync_configure import configure
from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.core.errors import Refused
from appliance.processes.eraser import finish_erasures
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.closed_exam import ClosedExam, closed_exam, new_reviewer
from tests.support.erasing import erase_on_box
from tests.support.scripted_mongo import replica_set


async def _abroad(tmp_path: Path, uri: str) -> CloudConfig:
    """Objects on site, the records partly in the United States."""
    objects, file = tmp_path / "objects", tmp_path / "records.uri"
    await asyncio.to_thread(objects.mkdir)
    await asyncio.to_thread(file.write_text, uri)
    return CloudConfig(objects="directory", directory=objects, records_uri_file=file)


def _untouched(config: CloudConfig, asked: list[dict[str, Any]]) -> bool:
    assert config.directory is not None
    commands = [c for c in asked if "endSessions" not in c]
    return not commands and not any(p.is_file() for p in config.directory.rglob("*"))


async def _made(tmp_path: Path, config: CloudConfig) -> ClosedExam:
    return await closed_exam(tmp_path / "box", config, candidates=1)


async def test_a_night_asks_the_database_nothing_before(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        made = await _made(tmp_path, config)
        async with syncer(made.state, signer=made.signer) as night:
            with pytest.raises(Refused, match="nothing was sent"):
                await night.run(lambda sent, total: None)
    assert _untouched(config, asked)


async def test_an_erasure_writes_no_tombstone_there(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        made = await _made(tmp_path, config)
        (attempt,) = made.attempts
        await erase_on_box(made.state, made.box_id, made.signing_key, made.exam_id, attempt)
        with pytest.raises(Refused, match="nothing was sent"):
            await finish_erasures(made.state, signer=made.signer)
    assert _untouched(config, asked)


async def test_a_review_does_not_begin(tmp_path: Path) -> None:
    """Nothing is looked at or decided where receipts and decisions could not be written."""
    asked: list[dict[str, Any]] = []
    key, described = tmp_path / "reviewer.key", tmp_path / "cloud.toml"
    await asyncio.to_thread(write_private_key, key, new_reviewer(), "open sesame")
    table = '[cloud]\nobjects = "directory"\ndirectory = "objects"\n'
    table += 'records_uri_file = "records.uri"\n'
    await asyncio.to_thread(described.write_text, table)
    read, write = os.pipe()
    os.write(write, b"open sesame\n")
    os.close(write)
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        words = ("--cloud", str(described), "--key", str(key), "--passphrase-fd", str(read))
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "appliance.cli.main", "review", "list", *words),
            pass_fds=(read,),
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(read)
        _, said = await command.communicate()
    assert command.returncode == Refused.exit_code
    assert b"is in US, which is not in the EU or EEA, so nothing was sent" in said
    assert _untouched(config, asked)


async def test_a_bucket_abroad_is_not_even_tried(tmp_path: Path) -> None:
    abroad, described = CloudServers(tmp_path / "abroad", location="US-EAST1"), tmp_path / "c.toml"
    made = await closed_exam(tmp_path / "box", CloudConfig(), candidates=1)
    await asyncio.to_thread(abroad.start)
    try:
        before = await asyncio.to_thread(_files, abroad.objects_directory)
        await asyncio.to_thread(abroad.describe, described)
        with pytest.raises(Refused, match="US-EAST1"):
            await configure(described, state=made.state)
        assert await asyncio.to_thread(_files, abroad.objects_directory) == before
    finally:
        await asyncio.to_thread(abroad.stop)
    assert (await asyncio.to_thread(box.load, made.state)).cloud == CloudConfig()


def _files(directory: Path) -> dict[Path, int]:
    """With when each was last written: a probe that was removed again leaves its trace."""
    return {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
