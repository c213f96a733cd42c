"""One object store and one record database per test run; one record database per test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster

from appliance.rehearsal.cloud_servers import CloudServers


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServers]:
    servers = CloudServers(tmp_path_factory.mktemp("cloud"))
    servers.start()
    yield servers
    servers.stop()


@pytest.fixture(autouse=True)
def driver_may_look_around(blocking_fails: BlockBuster) -> None:
    """For each connection pool the MongoDB driver looks whether it runs in a container: one
    `stat` of a local file, in its own code and not to be avoided."""
    blocking_fails.functions["os.stat"].can_block_in(
        "pymongo/pool_options.py", "get_container_env_info"
    )


@pytest.fixture
def database() -> str:
    return f"test_{secrets.token_hex(6)}"
