"""`sync prepare` on a real MongoDB-wire server, and what a router would be asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appliance.adapters.cloud.record_setup import RecordSetup
from appliance.adapters.cloud.records import MongoRecords
from appliance.core.errors import Conflict, Refused, WrongConfiguration
from appliance.core.record_collections import Prepared
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.record_schema import COLLECTIONS, HEALTH_DAYS, ROLES
from tests.support.guarded_records import guarded, login_as
from tests.support.scripted_mongo import replica_set, router

__all__ = ["guarded"]

NAMES = tuple(c.name for c in COLLECTIONS)
BOX, EXAM = "b" * 32, "e" * 32


@pytest.fixture
async def records(cloud: CloudServers, database: str) -> AsyncIterator[MongoRecords]:
    made = MongoRecords(cloud.records_uri, database)
    yield made
    await made.close()


async def _prepare(records: MongoRecords) -> Prepared:
    return await RecordSetup(records).prepare(COLLECTIONS, ROLES)


def _tombstone(number: int = 1) -> dict[str, Any]:
    return {
        "_id": f"{number:032x}",
        "exam": EXAM,
        "box": BOX,
        "at_ms": 1_795_420_800_000,
        "signature": b"s",
        "public_key": b"k",
    }


async def test_twice_is_once(records: MongoRecords) -> None:
    first = await _prepare(records)
    assert (set(first.made), first.kept, first.sharded) == (set(NAMES), (), ())
    assert set(first.roles) == {role.name for role in ROLES}
    again = await _prepare(records)
    assert (again.made, set(again.kept)) == ((), set(NAMES))
    assert set(again.roles) == set(first.roles)


async def test_two_people_at_once(cloud: CloudServers, database: str) -> None:
    both = [MongoRecords(cloud.records_uri, database) for _ in range(2)]
    await asyncio.gather(*[_prepare(records) for records in both])
    for records in both:
        await records.close()


async def test_every_index_is_there_and_only_health_expires(records: MongoRecords) -> None:
    await _prepare(records)
    made = await records.database()
    expiring = {}
    for collection in COLLECTIONS:
        found = await made[collection.name].index_information()
        keys = {tuple(field for field, _ in index["key"]) for index in found.values()}
        assert {index.fields for index in collection.indexes} <= keys
        # A cluster wants an index that begins with the shard key.
        assert any(fields[: len(collection.shard_key)] == collection.shard_key for fields in keys)
        for index in found.values():
            if "expireAfterSeconds" in index:
                expiring[collection.name] = index["expireAfterSeconds"]
    assert expiring == {"boxes": HEALTH_DAYS * 86_400}


@pytest.mark.parametrize(
    "wrong", [{"name": "Anna Andersson"}, {"at_ms": "today"}, {"exam": "matematik"}]
)
async def test_the_database_itself_refuses_what_has_no_place(
    records: MongoRecords, wrong: dict[str, Any]
) -> None:
    await _prepare(records)
    await records.upsert("tombstones", [_tombstone()])
    for write in (records.upsert, records.create):
        with pytest.raises(WrongConfiguration, match="prepare"):
            await write("tombstones", [_tombstone(2) | wrong])
    assert await records.find("tombstones") == [_tombstone()]


async def test_a_collection_made_before_gets_the_schema_too(records: MongoRecords) -> None:
    await records.upsert("tombstones", [_tombstone()])
    await _prepare(records)
    with pytest.raises(WrongConfiguration):
        await records.upsert("tombstones", [_tombstone(2) | {"seat": "A1"}])


async def test_a_cluster_is_told_its_shard_keys() -> None:
    asked: list[dict[str, Any]] = []
    async with router(asked) as uri:
        records = MongoRecords(uri, "hallvakt")
        prepared = await _prepare(records)
        await records.close()
    assert (prepared.cluster, set(prepared.sharded)) == ("sharded cluster", set(NAMES))
    keys = {c["shardCollection"]: c["key"] for c in asked if "shardCollection" in c}
    assert keys == {f"hallvakt.{c.name}": dict.fromkeys(c.shard_key, 1) for c in COLLECTIONS}
    assert keys["hallvakt.packs"] == {"box": 1, "exam": 1}


async def test_a_cluster_s_upsert_names_its_shard() -> None:
    asked: list[dict[str, Any]] = []
    async with router(asked) as uri:
        records = MongoRecords(uri, "hallvakt")
        await records.upsert("tombstones", [_tombstone()])
        await records.close()
    (update,) = [c for c in asked if "update" in c]
    (write,) = update["updates"]
    assert write["q"] == {"_id": f"{1:032x}", "exam": EXAM, "box": BOX}
    assert (update["writeConcern"]["w"], update["writeConcern"]["j"]) == ("majority", True)


async def test_outside_the_eu_nothing_is_made() -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        records = MongoRecords(uri, "hallvakt")
        with pytest.raises(Refused, match="nothing was sent"):
            await _prepare(records)
        await records.close()
    assert [c for c in asked if "endSessions" not in c] == []


def _pack(number: int) -> dict[str, Any]:
    return {
        "_id": f"{number:032x}",
        "exam": EXAM,
        "box": BOX,
        "attempt": "a" * 32,
        "size": 1,
        "sha256": "0" * 64,
        "objects": [],
    }


async def test_each_login_may_do_its_own_work_and_no_more(guarded: CloudServers) -> None:
    """This server weighs a role's actions per database, so what a role may do in one collection
    and not in another is looked at in the role itself, below."""
    logins = {role.name: await login_as(guarded, role.name) for role in ROLES}
    writer, verifier = logins["hallvaktWriter"], logins["hallvaktVerifier"]
    eraser, reviewer = logins["hallvaktEraser"], logins["hallvaktReviewer"]
    try:
        await writer.create("packs", [_pack(1)])
        await writer.create("packs", [_pack(1), _pack(2)])  # a lost reply, then the rest
        with pytest.raises(Conflict):
            await writer.create("packs", [_pack(1) | {"size": 2}])
        for act in (
            writer.delete("packs", exam=EXAM),
            verifier.create("packs", [_pack(3)]),
            verifier.upsert("packs", [_pack(1) | {"size": 2}]),
            verifier.delete("packs", exam=EXAM),
            reviewer.upsert("decisions", [_pack(3)]),
            reviewer.delete("packs", exam=EXAM),
        ):
            with pytest.raises(Refused):
                await act
        assert await verifier.find("packs", exam=EXAM) == [_pack(1), _pack(2)]
        await eraser.upsert("tombstones", [_tombstone()])
        assert await eraser.delete("packs", exam=EXAM) == 2
    finally:
        for login in logins.values():
            await login.close()


def test_no_role_can_change_what_was_signed() -> None:
    may = {role.name: role.may for role in ROLES}
    fixed = ("attempts", "packs", "manifests", "decisions", "receipts")
    assert [(r, c) for r, all_ in may.items() for c in fixed if "update" in all_[c]] == []
    assert {r for r, all_ in may.items() if any("remove" in acts for acts in all_.values())} == {
        "hallvaktEraser"
    }
    assert set(may["hallvaktVerifier"].values()) == {("find",)}
    assert [c for c, acts in may["hallvaktReviewer"].items() if acts != ("find",)] == [
        "decisions",
        "receipts",
    ]


async def test_a_writer_cannot_prepare(guarded: CloudServers) -> None:
    writer = await login_as(guarded, "hallvaktWriter")
    with pytest.raises(Refused, match="login"):
        await _prepare(writer)
    await writer.close()
