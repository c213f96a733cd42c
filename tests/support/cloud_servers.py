"""One object store and one record database per test run; one record database per test."""

from __future__ import annotations

import gc
import secrets
import warnings
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster
from pymongo import monitoring

from appliance.rehearsal.cloud_servers import CloudServers


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CloudServers]:
    servers = CloudServers(tmp_path_factory.mktemp("cloud"))
    servers.start()
    yield servers
    servers.stop()


class _Connections(monitoring.ConnectionPoolListener):
    """Whether the driver was used: only then is there anything to collect. Of the connections by
    which it watches servers it tells nothing, so what counts is that it got ready for any."""

    opened = False

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        self.opened = True

    def _nothing(self, event: object) -> None: ...

    connection_created = pool_ready = pool_cleared = pool_closed = _nothing
    connection_ready = connection_closed = _nothing
    connection_check_out_started = connection_check_out_failed = _nothing
    connection_checked_out = connection_checked_in = _nothing


_connections = _Connections()
monitoring.register(_connections)


@pytest.fixture(autouse=True)
def driver_may_look_around(blocking_fails: BlockBuster) -> Iterator[None]:
    """Two habits of the MongoDB driver that its users cannot change.

    For each connection pool it looks whether it runs in a container (one `stat` of a local
    file); and a connection it was just opening when it was closed leaves its socket to the
    garbage collector.
    """
    blocking_fails.functions["os.stat"].can_block_in(
        "pymongo/pool_options.py", "get_container_env_info"
    )
    _connections.opened = False
    yield
    if not _connections.opened:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def database() -> str:
    return f"test_{secrets.token_hex(6)}"
