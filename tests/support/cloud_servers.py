"""One object store and one record database per test run; one record database per test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from appliance.rehearsal.cloud_servers import CloudServers


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServers]:
    servers = CloudServers(tmp_path_factory.mktemp("cloud"))
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture
def database() -> str:
    return f"test_{secrets.token_hex(6)}"
