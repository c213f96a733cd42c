"""Where a replica set's members say they are, asked by the real driver."""

from __future__ import annotations

import pytest

from appliance.adapters.cloud.records import MongoRecords
from appliance.core.errors import Refused, Unreachable
from tests.support.scripted_mongo import replica_set


async def test_every_member_is_asked() -> None:
    async with replica_set([{"country": "SE"}, {"region": "EUROPE_NORTH_1"}]) as uri:
        records = MongoRecords(uri, "hallvakt")
        assert await records.check_residency() == "EUROPE_NORTH_1, SE"
        await records.close()


@pytest.mark.parametrize("elsewhere", [{"country": "US"}, {"region": "US_EAST_1"}])
async def test_one_member_elsewhere_is_enough(elsewhere: dict[str, str]) -> None:
    async with replica_set([{"country": "SE"}, elsewhere]) as uri:
        records = MongoRecords(uri, "hallvakt")
        with pytest.raises(Refused, match="nothing was sent"):
            await records.check_residency()
        await records.close()


async def test_nobody_there() -> None:
    records = MongoRecords("mongodb://127.0.0.1:9/", "hallvakt", timeout_s=0.3)
    with pytest.raises(Unreachable, match="line"):
        await records.check_residency()
    await records.close()
