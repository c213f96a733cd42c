"""What goes in one request is asked for before it is sent again, by this process and the next."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest

from appliance.adapters.cloud.gcs import GcsObjects
from appliance.core.transfer import MemoryUploads, UnfinishedUpload
from tests.support.strict_gcs import StrictGcs

CONTENT = secrets.token_bytes(3_000_000)
NAME = f"packs/{secrets.token_hex(16)}"
_HEADS = 1_000


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


def _store(strict: StrictGcs, uploads: MemoryUploads) -> GcsObjects:
    return GcsObjects(
        strict.bucket, endpoint=strict.endpoint, uploads=uploads, pauses_s=(0.01, 0.01)
    )


async def test_a_lost_reply_costs_no_second_body(strict: StrictGcs) -> None:
    uploads = MemoryUploads()
    store = _store(strict, uploads)
    strict.faults = ["lost"]
    put = await store.put(NAME, CONTENT)
    await store.close()
    assert put.size == len(CONTENT)
    assert strict.body_bytes < len(CONTENT) + _HEADS
    assert await uploads.find(NAME) is None


async def test_what_a_killed_process_had_sent_is_found(strict: StrictGcs) -> None:
    uploads = MemoryUploads()
    store = _store(strict, uploads)
    await store.put(NAME, CONTENT)
    before = strict.body_bytes
    await uploads.remember(UnfinishedUpload(name=NAME, size=len(CONTENT), token=""))
    again = await store.put(NAME, CONTENT)
    await store.close()
    assert (again.size, strict.body_bytes - before) == (len(CONTENT), 0)
    assert await uploads.find(NAME) is None


async def test_what_never_arrived_is_sent(strict: StrictGcs) -> None:
    uploads = MemoryUploads()
    await uploads.remember(UnfinishedUpload(name=NAME, size=len(CONTENT), token=""))
    store = _store(strict, uploads)
    put = await store.put(NAME, CONTENT)
    await store.delete(NAME)
    await store.close()
    assert (put.size, await uploads.find(NAME)) == (len(CONTENT), None)
