"""Whoever writes to the cloud asks first where both ends lie: outside the EU the database is
logged in to by nobody, and the bucket stays as it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from appliance.config.box import CloudConfig
from appliance.core.errors import Refused
from appliance.processes.syncer import syncer
from tests.support.closed_exam import ClosedExam, closed_exam
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
