"""Sessions that outlive the process, against the strict store: what is sent again, and when."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator

import pytest

from appliance.adapters.cloud.gcs import GcsObjects
from appliance.core.errors import Conflict, IntegrityFailure, Refused
from appliance.core.transfer import CHUNK_BYTES, MemoryUploads, UnfinishedUpload
from tests.support.strict_gcs import GRANULARITY, StrictGcs

CONTENT = secrets.token_bytes(CHUNK_BYTES + 3 * GRANULARITY + 7)
SLACK = GRANULARITY + 128 * 1024  # the step that was not whole, and what was on its way


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


@pytest.fixture
def uploads() -> MemoryUploads:
    return MemoryUploads()


@pytest.fixture
async def store(strict: StrictGcs, uploads: MemoryUploads) -> AsyncIterator[GcsObjects]:
    made = GcsObjects(strict.bucket, endpoint=strict.endpoint, uploads=uploads, pauses_s=(0.0, 0.0))
    yield made
    await made.close()


@pytest.fixture
def name() -> str:
    return f"packs/{secrets.token_hex(16)}"


async def test_one_session_and_one_request_for_all_of_it(
    store: GcsObjects, strict: StrictGcs, uploads: MemoryUploads, name: str
) -> None:
    await store.put(name, CONTENT)
    assert strict.objects == {name: CONTENT}
    assert [seen.method for seen in strict.seen] == ["POST", "PUT"]
    assert strict.seen[0].query["ifGenerationMatch"] == "0"
    assert strict.body_bytes == len(CONTENT)
    assert await uploads.find(name) is None


async def test_a_cut_costs_less_than_a_chunk(
    store: GcsObjects, strict: StrictGcs, name: str
) -> None:
    strict.faults = [("cut", 1_000_000), ("cut", 3_000_000), ("cut", 2_000_000), "lost"]
    await store.put(name, CONTENT)
    assert strict.objects == {name: CONTENT}
    assert strict.created == [name]
    assert strict.body_bytes <= len(CONTENT) + 3 * SLACK


async def test_another_process_goes_on_where_the_first_was_cut(
    strict: StrictGcs, uploads: MemoryUploads, name: str
) -> None:
    """The first one ends in the middle; the second has the journal and nothing else."""
    first = GcsObjects(strict.bucket, endpoint=strict.endpoint, uploads=uploads)
    sending = asyncio.ensure_future(first.put(name, CONTENT))
    half = asyncio.Event()
    strict.watch = lambda total: half.set() if total > 4_000_000 else None
    await half.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await first.close()
    begun = await uploads.find(name)
    assert begun is not None
    assert begun.token.startswith(strict.endpoint)
    second = GcsObjects(strict.bucket, endpoint=strict.endpoint, uploads=uploads)
    await second.put(name, CONTENT)
    await second.close()
    assert strict.created == [name]
    assert strict.body_bytes <= len(CONTENT) + SLACK


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_store_is_asked_how_far_it_came(
    store: GcsObjects, strict: StrictGcs, name: str, status: int
) -> None:
    strict.faults = [status]
    await store.put(name, CONTENT)
    assert strict.objects == {name: CONTENT}
    assert strict.body_bytes <= len(CONTENT) + SLACK


async def test_a_session_that_ran_out_is_begun_anew(
    store: GcsObjects, strict: StrictGcs, uploads: MemoryUploads, name: str
) -> None:
    token = f"{strict.endpoint}/upload/storage/v1/b/bucket/o?upload_id=forgotten"
    await uploads.remember(UnfinishedUpload(name=name, size=len(CONTENT), token=token))
    await store.put(name, CONTENT)
    assert strict.objects == {name: CONTENT}


async def test_a_taken_name_is_not_overwritten_at_the_end_of_a_session(
    store: GcsObjects, strict: StrictGcs, name: str
) -> None:
    strict.objects[name] = b"another box was faster"
    with pytest.raises(Conflict):
        await store.put(name, CONTENT)
    assert strict.objects[name] == b"another box was faster"


async def test_what_arrives_damaged_is_refused_and_said(
    store: GcsObjects, strict: StrictGcs, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every upload is told a checksum that does not fit, as if each had been damaged."""
    monkeypatch.setattr("appliance.adapters.cloud.gcs.crc32c", lambda content: "AAAAAA==")
    with pytest.raises(IntegrityFailure, match="damaging data"):
        await store.put(name, CONTENT)
    assert strict.objects == {}


async def test_the_store_decides_by_what_it_has(
    store: GcsObjects, strict: StrictGcs, name: str
) -> None:
    strict.faults = ["damaged"]
    with pytest.raises(IntegrityFailure):
        await store.put(name, CONTENT)


async def test_a_session_somewhere_else_is_not_used(
    store: GcsObjects, strict: StrictGcs, uploads: MemoryUploads, name: str
) -> None:
    """Elsewhere may be outside the EU."""
    token = "http://127.0.0.1:9/upload?upload_id=1"
    await uploads.remember(UnfinishedUpload(name=name, size=len(CONTENT), token=token))
    with pytest.raises(Refused, match="elsewhere"):
        await store.put(name, CONTENT)


async def test_an_upload_given_up_is_taken_back(
    store: GcsObjects, strict: StrictGcs, uploads: MemoryUploads, name: str
) -> None:
    """Erasure of an attempt whose pack is half sent."""
    sending = asyncio.ensure_future(store.put(name, CONTENT))
    half = asyncio.Event()
    strict.watch = lambda total: half.set() if total > 2_000_000 else None
    await half.wait()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    assert await uploads.find(name) is not None
    await store.delete(name)
    assert await uploads.find(name) is None
    assert strict.sessions == {}
    assert strict.objects == {}


async def test_a_writer_that_may_only_create_settles_a_lost_reply_through_the_verifier(
    strict: StrictGcs, name: str
) -> None:
    """Without tokens both are the same stranger, who may first create and then read: enough to see
    who asks what."""
    strict.faults = ["lost"]
    verifier = GcsObjects(strict.bucket, endpoint=strict.endpoint)
    writer = GcsObjects(
        strict.bucket, endpoint=strict.endpoint, prover=verifier, pauses_s=(0.0, 0.0)
    )
    remote = await writer.put(name, CONTENT[:1000])
    assert remote == await verifier.stat(name)
    assert strict.created == [name]
    await writer.close()
