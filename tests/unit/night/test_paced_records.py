"""What goes to the database keeps to cap, window and pause as bodies of objects do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from appliance.adapters.crypto.deterministic import encode
from appliance.core.errors import Refused
from appliance.core.night_window import Window
from appliance.core.ports import RecordCloud
from appliance.core.token_bucket import wire_bytes
from appliance.services.paced_line import Closed, PacedLine
from appliance.services.paced_records import GROUP_BYTES, PacedRecords
from tests.support.fake_clock import FakeClock

EVENING_MS = round(datetime(2026, 11, 25, 22, tzinfo=UTC).timestamp() * 1000)
_CAP_MBIT_S = 2.0
_DOCUMENTS = [{"_id": number, "digest": bytes(1000)} for number in range(2_000)]


class _Database:
    def __init__(self) -> None:
        self.groups: list[Sequence[dict[str, Any]]] = []

    async def create(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        self.groups.append(documents)

    upsert = create


def _records(clock: FakeClock) -> tuple[_Database, PacedRecords]:
    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    async def never() -> bool:
        return False

    window = Window(opens="22:00", closes="22:30", cap_mbit_s=_CAP_MBIT_S)
    line = PacedLine((window,), clock, paused=never, zone=UTC, sleep=sleep)
    database = _Database()
    return database, PacedRecords(cast("RecordCloud", database), line, encode)


@pytest.mark.parametrize("act", ["create", "upsert"])
async def test_the_cap_holds_for_records_too(act: str) -> None:
    clock = FakeClock(EVENING_MS)
    database, records = _records(clock)
    began = clock.monotonic()
    await getattr(records, act)("packs", _DOCUMENTS)
    took_s = clock.monotonic() - began
    assert [d for group in database.groups for d in group] == _DOCUMENTS
    sizes = [sum(len(encode(d)) for d in group) for group in database.groups]
    assert max(sizes) <= GROUP_BYTES
    assert wire_bytes(sum(sizes)) * 8 / took_s == pytest.approx(_CAP_MBIT_S * 1e6, rel=0.05)


async def test_the_window_s_end_stops_them_and_the_next_night_goes_on() -> None:
    clock = FakeClock(EVENING_MS + 30 * 60_000 - 4_000)
    database, records = _records(clock)
    with pytest.raises(Refused) as stopped:
        await records.create("packs", _DOCUMENTS)
    assert stopped.value.code == Closed.WINDOW
    assert 0 < len(database.groups) < 20


async def test_a_document_larger_than_a_group_goes_by_itself() -> None:
    clock = FakeClock(EVENING_MS)
    database, records = _records(clock)
    manifest = {"_id": 1, "payload": bytes(500_000)}
    await records.create("manifests", [{"_id": 0}, manifest, {"_id": 2}])
    assert database.groups == [[{"_id": 0}], [manifest], [{"_id": 2}]]
    assert clock.monotonic() > 1.5
