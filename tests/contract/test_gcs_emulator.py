"""A second GCS server, `gcp-storage-emulator`: sessions that it keeps, and the gaps it has.

It resumes where fake-gcs-server does not. Each gap is a test, so that a version without it is
noticed; what they are about is held against the strict double.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from appliance.adapters.cloud.gcs import GcsObjects
from appliance.adapters.cloud.residency import check_location
from appliance.core.errors import Refused, Unreachable
from appliance.core.transfer import CHUNK_BYTES, MemoryUploads
from tests.support.object_servers import Emulator
from tests.support.tap import Tap


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    server = Emulator(tmp_path_factory.mktemp("emulator"))
    server.wait()
    yield server
    server.stop()


@pytest.fixture
def name() -> str:
    return f"packs/{secrets.token_hex(16)}"


@pytest.mark.parametrize("size", [0, 300_000, CHUNK_BYTES + 70_001])
async def test_what_was_put_comes_back(emulator: Emulator, name: str, size: int) -> None:
    store = GcsObjects(emulator.bucket, endpoint=emulator.endpoint)
    content = secrets.token_bytes(size)
    remote = await store.put(name, content)
    assert remote == await store.stat(name)
    assert await store.get(name) == content
    assert await store.get(name, 10, 5) == content[10:15]
    await store.delete(name)
    assert await store.stat(name) is None
    await store.close()


async def test_its_buckets_lie_in_the_us_and_are_refused(emulator: Emulator) -> None:
    """Gap: it cannot be told another location."""
    store = GcsObjects(emulator.bucket, endpoint=emulator.endpoint)
    with pytest.raises(Refused, match="US"):
        check_location(await store.location())
    await store.close()


async def test_it_overwrites(emulator: Emulator, name: str) -> None:
    """Gap: `ifGenerationMatch=0` means nothing to it."""
    store = GcsObjects(emulator.bucket, endpoint=emulator.endpoint)
    await store.put(name, b"first")
    await store.put(name, b"other")
    assert await store.get(name) == b"other"
    await store.close()


async def test_a_session_goes_on_after_a_cut(emulator: Emulator, name: str) -> None:
    content = secrets.token_bytes(CHUNK_BYTES + 4_000_000)
    uploads = MemoryUploads()
    port = int(emulator.endpoint.rpartition(":")[2])
    async with Tap("127.0.0.1", port) as tap:

        def store() -> GcsObjects:
            return GcsObjects(emulator.bucket, endpoint=tap.url, uploads=uploads, pauses_s=(0.1,))

        tap.cut_after(5_000_000)
        first = store()
        try:
            await first.put(name, content)
        except Unreachable:
            second = store()
            await second.put(name, content)
            await second.close()
        assert await first.get(name) == content
        await first.close()
