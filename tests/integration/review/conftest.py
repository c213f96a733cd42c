"""An archived exam, reached through the real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.archived_exam import ArchivedExam, archived_exam
from tests.support.cloud_servers import cloud, database, driver_may_look_around

__all__ = ["archived", "cloud", "database", "driver_may_look_around"]


@pytest.fixture
async def archived(
    cloud: CloudServers, database: str, tmp_path: Path
) -> AsyncIterator[ArchivedExam]:
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    async with archived_exam(tmp_path / "box", config) as exam:
        yield exam
