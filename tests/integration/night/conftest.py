"""A closed exam and a real cloud for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config.box import CloudConfig
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.cloud_servers import cloud, database, driver_may_look_around
from tests.support.object_servers import seaweed

__all__ = ["cloud", "cloud_config", "database", "driver_may_look_around", "seaweed", "state"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "box"


@pytest.fixture
def cloud_config(cloud: CloudServers, database: str, tmp_path: Path) -> CloudConfig:
    return cloud.config(tmp_path / "records.uri", database=database)
