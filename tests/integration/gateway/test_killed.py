"""Signal 9 at the worst moments: between a blob and its row, and in the middle of a close."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import apsw
import cbor2
import pytest

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.store.quarantine import QuarantineRows
from appliance.adapters.store.stores import Stores, open_stores
from appliance.core.audit import AuditEntry
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.core.quarantine import Aside
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.page_key import PageKey
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared, Reply
from tests.support.media_workers import until
from tests.support.tiny_webm import tiny_webm


@contextlib.contextmanager
def no_row_gets_in(database: Path) -> Iterator[None]:
    """Hold the database's write lock: whoever wants to write waits (10 s at most)."""
    connection = apsw.Connection(str(database))
    connection.set_busy_timeout(5_000)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@asynccontextmanager
async def opened(box: RealBox) -> AsyncIterator[Stores]:
    stores = await asyncio.to_thread(open_stores, box.state)
    try:
        yield stores
    finally:
        await stores.close()


async def _seated(box: RealBox, exam: Prepared) -> tuple[BoxApi, AttemptId]:
    page = box.api()
    joined = await page.join(exam.code, exam.seats["A1"], PageKey())
    await page.check_in()
    return page, AttemptId(joined.json["attempt"])


async def _kill(box: RealBox) -> None:
    box.gateway.send_signal(signal.SIGKILL)
    await asyncio.to_thread(box.gateway.wait)


async def _cut_off(asked: asyncio.Task[Reply]) -> None:
    with contextlib.suppress(aiohttp.ClientError, OSError):
        await asked


async def test_between_blob_and_row(box: RealBox, lead: BoxApi) -> None:
    exam = await box.new_exam(lead)
    page, attempt = await _seated(box, exam)
    assert (await page.upload(1, tiny_webm(1))).status == 201  # so that there is a key to seal with
    before = set(_blobs(box))
    with no_row_gets_in(box.state / "db" / "box.db"):
        uploading = asyncio.create_task(page.upload(2, tiny_webm(2)))
        await until(lambda: set(_blobs(box)) > before)
        await _kill(box)
    await _cut_off(uploading)
    token, lead_token = page.token, lead.token
    (name,) = set(_blobs(box)) - before
    await box.restart(signal.SIGKILL)

    page, lead = box.api(token), box.api(lead_token)
    assert (await page.ok("GET", "/api/v1/attempts/me"))["acknowledged"] == 1
    note = (await lead.ok("GET", "/api/v1/box"))["note"]
    assert note.startswith("Stored objects without a row: 1.")
    async with opened(box) as stores:
        (aside,) = await QuarantineRows(stores.box).of_attempt(attempt)
    assert (aside.name, aside.why) == (name, Aside.WAITING)
    # The page was told nothing, so it sends the same again; nothing of the two is deleted.
    again = await page.upload(2, tiny_webm(2))
    assert (again.status, again.json["acknowledged"]) == (201, 2)
    assert len(set(_blobs(box)) - before) == 2


def _blobs(box: RealBox) -> list[str]:
    found = (box.state / "blobs").glob("*/*")
    return [path.name for path in found if not path.name.startswith(".")]


@pytest.mark.parametrize("moment", ["state closed", "keys destroyed"])
async def test_in_the_middle_of_a_close(box: RealBox, moment: str) -> None:
    """After the start the close is finished: nothing opens, and what was to be sealed is sealed,
    under a key that the reviewer opens and the box has forgotten."""
    lead = await box.login()  # since the last restart: a roster needs a passphrase
    exam = await box.new_exam(lead)
    page, attempt = await _seated(box, exam)
    assert (await page.upload(1, tiny_webm(1))).status == 201
    live = box.state / "live" / exam.exam
    closing = asyncio.create_task(
        lead.ask("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    )
    async with opened(box) as stores:
        while (await stores.exams.get(ExamId(exam.exam))).state is not ExamState.CLOSED:  # noqa: ASYNC110
            await asyncio.sleep(0)  # another process does it: it gives no event
        if moment == "keys destroyed":
            with no_row_gets_in(box.state / "db" / "audit.db"):  # so the report waits
                await until(lambda: not live.exists())
                await _kill(box)
        else:
            await _kill(box)
            assert live.exists()  # what a thief would need is still there
        await _cut_off(closing)
        assert not _reports(await stores.audit.entries(), exam.exam)
    token, lead_token = page.token, lead.token
    await box.restart(signal.SIGKILL)

    assert not live.exists()
    async with opened(box) as stores:
        assert len(_reports(await stores.audit.entries(), exam.exam)) == 1
        assert await stores.envelopes.under_live(ExamId(exam.exam)) == []
        (record,) = await stores.snippets.objects(attempt, ObjectKind.RECORD)
        reviewer = box.school["reviewer"].for_opening()
        (envelope,) = [
            e
            for e in await stores.envelopes.of_attempt(attempt)
            if (e.recipient_id, e.epoch) == (reviewer.recipient_id, record.header.epoch)
        ]
    sealed = await DirectoryBlobs(box.state / "blobs").get(record.name)
    plain = ObjectSealing().open(open_envelope(reviewer, envelope), record.header, sealed)
    assert [s["sequence"] for s in cbor2.loads(plain)["snippets"]] == [1]

    lead = box.api(lead_token)
    refused = await lead.ask("GET", f"/api/v1/exams/{exam.exam}/attempts/{attempt}")
    assert (refused.status, "closed" in refused.json["detail"]) == (403, True)
    assert (await box.api(token).upload(2, tiny_webm(2))).status == 201  # late, and kept


def _reports(entries: Sequence[AuditEntry], exam: str) -> list[AuditEntry]:
    return [e for e in entries if e.action == "close-report" and e.about == exam]
