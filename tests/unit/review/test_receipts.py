"""What was looked at is on disk before it is shown, in a chain; else it is not shown."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.adapters.cloud.memory import MemoryRecords
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.core.errors import IntegrityFailure, Unreachable
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.review.receipts import Look, Receipts, read_receipts, sent_receipts
from tests.support.fake_clock import FakeClock

KEY = PrivateKey.generate("reviewer", "Board")
BOX, EXAM, OTHER = BoxId("b" * 32), ExamId("e" * 32), ExamId("f" * 32)
ATTEMPT = AttemptId("a" * 32)


def _receipts(path: Path) -> Receipts:
    recipient = KEY.for_opening().recipient_id
    return Receipts(path, KEY.for_deciding(), recipient, FakeClock(1_795_420_800_000))


async def test_a_restart_goes_on_with_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "receipts"
    for number in range(2):
        await _receipts(path).looked(BOX, EXAM, ATTEMPT, "snippet", number)
    assert [look.sequence for look in await _read(path)] == [0, 1]
    assert (await asyncio.to_thread(path.stat)).st_mode & 0o777 == 0o600


async def _read(path: Path) -> list[Look]:
    return await asyncio.to_thread(read_receipts, path)


@pytest.mark.parametrize("lost", [0, 1])
async def test_a_line_cannot_be_taken_out_or_changed(tmp_path: Path, lost: int) -> None:
    path, receipts = tmp_path / "receipts", _receipts(tmp_path / "receipts")
    for number in range(3):
        await receipts.looked(BOX, EXAM, ATTEMPT, "snippet", number)
    lines = (await asyncio.to_thread(path.read_bytes)).splitlines(keepends=True)
    await asyncio.to_thread(path.write_bytes, b"".join(lines[:lost] + lines[lost + 1 :]))
    with pytest.raises(IntegrityFailure, match="changed"):
        await _read(path)
    altered = lines[0].replace(b'"snippet"', b'"portrait"') + lines[1]
    await asyncio.to_thread(path.write_bytes, altered)
    with pytest.raises(IntegrityFailure):
        await _read(path)


async def test_half_a_line_after_a_power_cut_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "receipts"
    await _receipts(path).looked(BOX, EXAM, ATTEMPT, "snippet", 1)
    whole = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, whole + b'{"number":2,"at')
    receipts = _receipts(path)
    await receipts.looked(BOX, EXAM, ATTEMPT, "snippet", 2)
    assert [look.number for look in await _read(path)] == [1, 2]


async def test_what_cannot_be_written_down_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="nothing is shown"):
        await _receipts(tmp_path / "no" / "receipts").looked(BOX, EXAM, ATTEMPT, "snippet")


async def test_each_look_is_sent_once_under_its_exam(tmp_path: Path) -> None:
    records, path = MemoryRecords(), tmp_path / "receipts"
    receipts = _receipts(path)
    for exam in (EXAM, EXAM, OTHER):
        await receipts.looked(BOX, exam, ATTEMPT, "snippet", 1)
    assert await receipts.send(records) == 3
    await receipts.looked(BOX, EXAM, ATTEMPT, "portrait")
    assert await _receipts(path).send(records) == 1
    assert len(await sent_receipts(records, EXAM)) == 3
    assert len(await sent_receipts(records, OTHER)) == 1


async def test_a_receipt_that_was_changed_in_the_cloud_shows(tmp_path: Path) -> None:
    records, receipts = MemoryRecords(), _receipts(tmp_path / "receipts")
    await receipts.looked(BOX, EXAM, ATTEMPT, "snippet", 1)
    await receipts.send(records)
    (document,) = await records.find("receipts")
    document["looked"][0]["sequence"] = 2
    await records.upsert("receipts", [document])
    with pytest.raises(IntegrityFailure):
        await sent_receipts(records, EXAM)
