"""The one suite every record store passes: memory and a real MongoDB-wire server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from appliance.adapters.cloud.memory import MemoryRecords
from appliance.adapters.cloud.records import MongoRecords
from appliance.core.ports import RecordCloud
from appliance.rehearsal.cloud_servers import CloudServers


@pytest.fixture(params=["memory", "mongodb"])
async def records(
    request: pytest.FixtureRequest, cloud: CloudServers, database: str
) -> AsyncIterator[RecordCloud]:
    made: RecordCloud
    if request.param == "memory":
        made = MemoryRecords()
    else:
        made = MongoRecords(cloud.records_uri, database)
    yield made
    await made.close()


def _pack(number: int, exam: str = "e1") -> dict[str, object]:
    return {"_id": f"{number:032x}", "exam": exam, "size": number, "objects": [{"name": "n"}]}


async def test_it_says_where_it_is(records: RecordCloud) -> None:
    assert await records.check_residency() == "on site"


async def test_what_was_written_is_found(records: RecordCloud) -> None:
    await records.upsert("packs", [_pack(1), _pack(2), _pack(3, "e2")])
    assert sorted(d["size"] for d in await records.find("packs", exam="e1")) == [1, 2]
    assert await records.find("packs", exam="e2") == [_pack(3, "e2")]
    assert len(await records.find("packs")) == 3


async def test_twice_is_once_and_the_last_counts(records: RecordCloud) -> None:
    await records.upsert("packs", [_pack(1)])
    await records.upsert("packs", [_pack(1)])
    assert await records.find("packs") == [_pack(1)]
    await records.upsert("packs", [{**_pack(1), "size": 9}])
    assert await records.find("packs") == [{**_pack(1), "size": 9}]


async def test_more_than_one_batch(records: RecordCloud) -> None:
    await records.upsert("packs", [_pack(n) for n in range(1201)])
    assert len(await records.find("packs")) == 1201


async def test_a_document_is_found_by_one_of_its_rows(records: RecordCloud) -> None:
    sealed_for = {"a": ["r1", "r2"], "b": ["r2"], "c": []}
    await records.upsert(
        "attempts",
        [
            {"_id": one, "exam": "e", "envelopes": [{"recipient": r} for r in recipients]}
            for one, recipients in sealed_for.items()
        ],
    )
    for recipient, found in (("r1", {"a"}), ("r2", {"a", "b"}), ("r3", set())):
        asked = {"exam": "e", "envelopes.recipient": recipient}
        there = await records.find("attempts", fields=("exam",), **asked)
        assert {document["_id"] for document in there} == found
        assert all(set(document) == {"_id", "exam"} for document in there)


async def test_bytes_stay_bytes(records: RecordCloud) -> None:
    await records.upsert("attempts", [{"_id": "a", "sealed_key": bytes(range(256))}])
    assert (await records.find("attempts", _id="a"))[0]["sealed_key"] == bytes(range(256))


async def test_large_numbers_are_plain_integers(records: RecordCloud) -> None:
    await records.upsert("exams", [{"_id": "e", "times": {"closed_ms": 1_795_420_800_000}}])
    (found,) = await records.find("exams", _id="e")
    assert type(found["times"]["closed_ms"]) is int


async def test_a_caller_cannot_change_what_is_stored(records: RecordCloud) -> None:
    document = _pack(1)
    await records.upsert("packs", [document])
    document["size"] = 100
    (await records.find("packs"))[0]["size"] = 200
    assert await records.find("packs") == [_pack(1)]


async def test_delete_counts(records: RecordCloud) -> None:
    await records.upsert("packs", [_pack(1), _pack(2), _pack(3, "e2")])
    assert await records.delete("packs", exam="e1") == 2
    assert await records.delete("packs", exam="e1") == 0
    assert await records.find("packs") == [_pack(3, "e2")]


async def test_nothing_there(records: RecordCloud) -> None:
    assert await records.find("packs", exam="none") == []
    await records.upsert("packs", [])
