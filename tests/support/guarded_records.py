"""A record database that asks who is there, with a login for each role of the product."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from appliance.adapters.cloud.records import MongoRecords
from appliance.config.box import CloudConfig
from appliance.processes.record_preparation import prepare_records
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.record_schema import ROLES

DATABASE = "hallvakt"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Made by `sync prepare` before it began to ask."""
    servers = CloudServers(tmp_path_factory.mktemp("guarded"))
    servers.start()

    async def provision() -> None:
        uri = tmp_path_factory.mktemp("uri") / "uri"
        uri.write_text(servers.records_uri)
        await prepare_records(CloudConfig(records_uri_file=uri, records_database=DATABASE))
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(servers.records_uri)
        for role in ROLES:
            await client[DATABASE].command(
                "createUser", role.name, pwd="not secret", roles=[role.name]
            )
        await client.close()

    asyncio.run(provision())
    servers.stop()  # not killed: this server journals no users
    servers.logins = True
    servers.start()
    yield servers
    servers.stop()


def uri_as(guarded: CloudServers, role: str) -> str:
    host = guarded.records_uri.removeprefix("mongodb://").partition("/")[0]
    return f"mongodb://{role}:not%20secret@{host}/?directConnection=true&authSource={DATABASE}"


async def login_as(guarded: CloudServers, role: str) -> MongoRecords:
    return MongoRecords(uri_as(guarded, role), DATABASE)
