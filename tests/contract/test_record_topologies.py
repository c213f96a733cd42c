"""Records on a single server, a replica set and a sharded cluster: each takes every command, and
whatever is written is acknowledged by a majority and journalled."""

from __future__ import annotations

from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from appliance.adapters.cloud.record_setup import RecordSetup
from appliance.adapters.cloud.records import MongoRecords
from appliance.core.errors import Conflict, Unreachable
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.record_schema import COLLECTIONS, ROLES
from tests.support.strict_mongos import SHARD_KEY_MISSING
from tests.support.strict_topologies import BAD_VALUE, KINDS, NOT_A_MEMBER, topology

_WRITES = ("insert", "update", "delete")


def _stone(number: int, at_ms: int = 1) -> dict[str, Any]:
    one = {"_id": f"{number:032x}", "exam": "e" * 32, "box": "b" * 32, "at_ms": at_ms}
    return one | {"signature": b"s", "public_key": b"k"}


@pytest.mark.parametrize("kind", KINDS)
async def test_every_write_is_acknowledged_by_a_majority(
    kind: str, cloud: CloudServers, database: str
) -> None:
    async with topology(kind, cloud.records_uri) as server:
        records = MongoRecords(server.uri, database)
        prepared = await RecordSetup(records).prepare(COLLECTIONS, ROLES)
        assert prepared.cluster == kind
        assert len(prepared.sharded) == (len(COLLECTIONS) if kind == "sharded cluster" else 0)
        await records.upsert("tombstones", [_stone(1), _stone(2)])
        await records.upsert("tombstones", [_stone(2, at_ms=9)])
        await records.create("tombstones", [_stone(3)])
        await records.create("tombstones", [_stone(3), _stone(4)])  # a lost reply, then the rest
        with pytest.raises(Conflict):
            await records.create("tombstones", [_stone(4, at_ms=9)])
        kept = await records.find("tombstones", exam="e" * 32)
        assert sorted(kept, key=lambda d: str(d["_id"])) == [
            _stone(1), _stone(2, at_ms=9), _stone(3), _stone(4)
        ]  # fmt: skip
        assert await records.delete("tombstones", exam="e" * 32) == 4
        await records.close()
    written = [(name, c) for c in server.asked for name in _WRITES if name in c]
    assert {name for name, _ in written} == set(_WRITES)
    durable = {"w": "majority", "j": True, "wtimeout": 60_000}
    assert [(n, c["writeConcern"]) for n, c in written] == [(n, durable) for n, _ in written]
    read = [c["readConcern"] for c in server.asked if "find" in c]
    assert read
    assert all(concern["level"] == "majority" for concern in read)
    # The driver may send a write again by itself where the server knows it again, and only there.
    again = {name for name, c in written if "txnNumber" in c}
    assert again == (set() if kind == "single server" else {"insert", "update"})


async def test_what_the_database_cannot_do_is_said_with_its_code(
    cloud: CloudServers, database: str
) -> None:
    async with topology("sharded cluster", cloud.records_uri) as server:
        server.keys["packs"] = ("box", "exam")
        records = MongoRecords(server.uri, database)
        with pytest.raises(Unreachable, match=f"code {SHARD_KEY_MISSING}"):
            await records.upsert("packs", [{"_id": "a"}])
        await records.close()


async def test_a_single_server_refuses_what_only_members_know(
    cloud: CloudServers, database: str
) -> None:
    """Otherwise the test above would show nothing."""
    async with topology("single server", cloud.records_uri) as server:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(server.uri)
        command: dict[str, Any] = {"insert": "packs", "documents": [{"_id": "a"}]}
        for more, code in (
            ({"txnNumber": 1, "lsid": {"id": b"x"}}, NOT_A_MEMBER),
            ({"writeConcern": {"w": 2}}, BAD_VALUE),
        ):
            with pytest.raises(OperationFailure) as refused:
                await client[database].command({**command, **more})
            assert refused.value.code == code
        await client.close()
