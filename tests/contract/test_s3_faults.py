"""What the S3 client does when line or store misbehave at the end of an object: the reply is lost,
or says something else than was sent. The store behind is a real one."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest

from appliance.adapters.cloud.names import crc32c
from appliance.adapters.cloud.s3 import S3Objects
from appliance.core.errors import IntegrityFailure, Unreachable
from tests.support.faulty_s3 import FaultyS3
from tests.support.object_servers import BUCKET, REGION, WRITER, SeaweedFS

_CHUNK = 5 * 1024 * 1024  # the least an S3 store takes for a part that is not the last
_SMALL, _ASKED, _PARTS = 10_000, 1_500_000, _CHUNK + 9
_SIZES = pytest.mark.parametrize("size", [_SMALL, _ASKED, _PARTS], ids=["small", "one", "parts"])


@pytest.fixture
async def faulty(seaweed: SeaweedFS) -> AsyncIterator[FaultyS3]:
    async with FaultyS3(seaweed.endpoint) as proxy:
        yield proxy


@pytest.fixture
async def store(faulty: FaultyS3) -> AsyncIterator[S3Objects]:
    made = S3Objects(
        BUCKET,
        region=REGION,
        account=WRITER,
        endpoint=faulty.endpoint,
        pauses_s=(0.0, 0.0),
        chunk_bytes=_CHUNK,
    )
    yield made
    await made.close()


@pytest.fixture
def name() -> str:
    return f"packs/{secrets.token_hex(16)}"


@_SIZES
async def test_a_lost_final_reply_is_settled_by_asking(
    store: S3Objects, faulty: FaultyS3, name: str, size: int
) -> None:
    content = secrets.token_bytes(size)
    faulty.faults = ["lost"]
    remote = await store.put(name, content)
    assert (remote.size, remote.crc32c) == (size, crc32c(content))
    assert await store.get(name) == content
    assert faulty.faults == []
    if size >= _ASKED:  # no body goes twice; a small one is sent again as fast as it is asked for
        assert faulty.body_bytes < size + 2_000


@_SIZES
async def test_another_checksum_in_the_final_reply_is_no_success(
    store: S3Objects, faulty: FaultyS3, name: str, size: int
) -> None:
    faulty.faults = ["checksum"]
    with pytest.raises(IntegrityFailure):
        await store.put(name, secrets.token_bytes(size))
    assert len(faulty.ended) == 1


@pytest.mark.parametrize("size", [_SMALL, _ASKED])
async def test_what_was_changed_on_the_way_is_refused_by_the_store_and_sent_again(
    store: S3Objects, faulty: FaultyS3, name: str, size: int
) -> None:
    content = secrets.token_bytes(size)
    faulty.faults = ["body"]
    assert (await store.put(name, content)).crc32c == crc32c(content)
    assert await store.get(name) == content
    faulty.faults = ["body"] * 3
    other = f"packs/{secrets.token_hex(16)}"
    with pytest.raises(IntegrityFailure):
        await store.put(other, content)
    assert await store.stat(other) is None
    assert len(faulty.ended) == 5


@_SIZES
async def test_a_store_that_says_taken_of_a_name_that_is_not_there(
    store: S3Objects, faulty: FaultyS3, name: str, size: int
) -> None:
    faulty.faults = [412]
    with pytest.raises(Unreachable, match="contradicts itself"):
        await store.put(name, secrets.token_bytes(size))
