"""The tests' router refuses what a sharded cluster refuses: otherwise it would show nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from pymongo import AsyncMongoClient, DeleteOne, ReplaceOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from appliance.adapters.cloud.record_setup import RecordSetup
from appliance.adapters.cloud.records import MongoRecords
from appliance.core.errors import WrongConfiguration
from appliance.core.record_collections import Prepared
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.record_schema import COLLECTIONS, ROLES
from tests.support.strict_mongos import OPTIONS, SHARD_KEY_MISSING, TAKEN, Router, strict_mongos

Some = AsyncCollection[dict[str, object]]


@pytest.fixture
async def cluster(cloud: CloudServers) -> AsyncIterator[Router]:
    port = urlsplit(cloud.records_uri).port
    assert port is not None
    async with strict_mongos(port) as router:
        yield router


@pytest.fixture
async def some(cluster: Router, database: str) -> AsyncIterator[Some]:
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(cluster.uri)
    made = client[database]["packs"]
    await made.create_index([("box", 1), ("exam", 1)])
    await client.admin.command("shardCollection", f"{database}.packs", key={"box": 1, "exam": 1})
    yield made
    await client.close()


WHOLE: dict[str, object] = {"_id": "a", "box": "b", "exam": "e"}


@pytest.mark.parametrize(
    "write",
    [
        ReplaceOne({"_id": "a", "box": "b"}, WHOLE, upsert=True),
        ReplaceOne({"_id": "a", "box": "b", "exam": "e"}, {"_id": "a", "box": "b"}, upsert=True),
        ReplaceOne({"_id": "a", "box": "b", "exam": "e"}, WHOLE | {"exam": "f"}, upsert=True),
        DeleteOne({"box": "b"}),
    ],
)
async def test_a_write_says_which_shard(
    some: Some, write: ReplaceOne[dict[str, object]] | DeleteOne
) -> None:
    with pytest.raises(OperationFailure) as refused:
        await some.bulk_write([write])
    assert refused.value.code == SHARD_KEY_MISSING


async def test_what_is_right_goes_through(some: Some) -> None:
    await some.bulk_write([ReplaceOne(WHOLE, WHOLE, upsert=True)])
    await some.insert_one(WHOLE | {"_id": "c"})
    assert {d["_id"] async for d in some.find({"exam": "e"})} == {"a", "c"}
    assert (await some.delete_many({"exam": "e"})).deleted_count == 2


async def test_a_unique_index_begins_with_the_key(some: Some) -> None:
    with pytest.raises(OperationFailure):
        await some.create_index("exam", unique=True)
    await some.create_index([("box", 1), ("exam", 1), ("number", 1)], unique=True)


async def test_a_collection_is_sharded_once_and_by_an_index(some: Some) -> None:
    admin, name = some.database.client.admin, some.database.name
    with pytest.raises(OperationFailure) as other:
        await admin.command("shardCollection", f"{name}.packs", key={"_id": 1})
    with pytest.raises(OperationFailure) as bare:
        await admin.command("shardCollection", f"{name}.exams", key={"box": 1})
    assert (other.value.code, bare.value.code) == (TAKEN, OPTIONS)


async def _prepare(uri: str, database: str) -> Prepared:
    records = MongoRecords(uri, database)
    try:
        return await RecordSetup(records).prepare(COLLECTIONS, ROLES)
    finally:
        await records.close()


async def test_the_product_prepares_a_cluster_twice(cluster: Router, database: str) -> None:
    for _ in range(2):
        prepared = await _prepare(cluster.uri, database)
        assert prepared.cluster == "sharded cluster"
        assert (set(prepared.sharded), prepared.sharding_refused) == (set(cluster.keys), False)
    assert cluster.keys == {c.name: c.shard_key for c in COLLECTIONS}


async def test_by_a_login_that_may_not_shard_the_rest_is_done(
    cloud: CloudServers, database: str
) -> None:
    port = urlsplit(cloud.records_uri).port
    assert port is not None
    async with strict_mongos(port, may_shard=False) as router:
        prepared = await _prepare(router.uri, database)
    assert (prepared.sharded, prepared.sharding_refused) == ((), True)
    assert set(prepared.made) == {c.name for c in COLLECTIONS}
    assert len(prepared.roles) == len(ROLES)


async def test_a_collection_with_another_key_is_told(cluster: Router, database: str) -> None:
    cluster.keys["packs"] = ("_id",)
    with pytest.raises(WrongConfiguration, match="another key than box, exam"):
        await _prepare(cluster.uri, database)


async def test_a_replica_set_is_not_asked_to_shard(cloud: CloudServers, database: str) -> None:
    prepared = await _prepare(cloud.records_uri, database)
    assert prepared.cluster == "replica set"  # what the tests' server says it is
    assert (prepared.sharded, prepared.sharding_refused) == ((), False)
