"""Records travel compressed to a server that can read it; nothing is asked of one that cannot."""

from __future__ import annotations

import secrets
from typing import Any

import bson
import pytest

from appliance.adapters.cloud.records import MongoRecords
from tests.support.scripted_mongo import replica_set

_PACK: dict[str, Any] = {
    "_id": secrets.token_hex(16),
    "objects": [
        {
            "name": secrets.token_hex(16),
            "kind": 1,
            "sequence": number,
            "epoch": 1,
            "offset": 160_000 * number,
            "size": 160_000,
            "sha256": secrets.token_bytes(32),
        }
        for number in range(100)
    ],
}


@pytest.mark.parametrize("offers", [(), ("zlib",)])
async def test_a_pack_s_record_takes_half_the_bytes(offers: tuple[str, ...]) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}], asked, offers=offers) as uri:
        records = MongoRecords(uri, "hallvakt")
        await records.upsert("packs", [_PACK])
        await records.close()
    (upsert,) = [command for command in asked if "update" in command]
    (update,) = upsert["updates"]
    assert update["u"] == _PACK
    if offers:
        assert upsert["$onTheLine"] < 0.5 * len(bson.encode(_PACK))
    else:
        assert "$onTheLine" not in upsert
