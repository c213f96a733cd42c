"""The one suite every object store passes: memory, a directory, GCS, S3.

GCS is a real server (fake-gcs-server) and the strict double; S3 is SeaweedFS. fake-gcs-server does
not hold "create only" on resumable uploads: objects over a chunk are written once to it here, and
what happens when they are written again is held against the strict double.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from appliance.adapters.cloud.directory import DirectoryObjects
from appliance.adapters.cloud.gcs import GcsObjects
from appliance.adapters.cloud.memory import MemoryObjects
from appliance.adapters.cloud.residency import check_location
from appliance.adapters.cloud.s3 import S3Objects
from appliance.core.errors import BadInput, Conflict, NotFound
from appliance.core.ports import ObjectCloud
from appliance.core.transfer import CHUNK_BYTES
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.object_servers import BUCKET, REGION, WRITER, SeaweedFS
from tests.support.strict_gcs import StrictGcs


@pytest.fixture(params=["memory", "directory", "gcs", "strict gcs", "s3"])
def kind(request: pytest.FixtureRequest) -> str:
    """Servers start here, outside the event loop, and only those that a test is run on."""
    kind: str = request.param
    needs = {"gcs": "cloud", "s3": "seaweed"}.get(kind)
    if needs:
        request.getfixturevalue(needs)
    return kind


@pytest.fixture
async def store(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[ObjectCloud]:
    made: ObjectCloud
    strict = StrictGcs()
    match kind:
        case "memory":
            made = MemoryObjects()
        case "directory":
            made = DirectoryObjects(tmp_path)
        case "gcs":
            cloud: CloudServers = request.getfixturevalue("cloud")
            made = GcsObjects(cloud.bucket, endpoint=cloud.endpoint)
        case "strict gcs":
            await strict.start()
            made = GcsObjects(strict.bucket, endpoint=strict.endpoint)
        case _:
            seaweed: SeaweedFS = request.getfixturevalue("seaweed")
            made = S3Objects(BUCKET, region=REGION, account=WRITER, endpoint=seaweed.endpoint)
    yield made
    await made.close()
    await strict.stop()


@pytest.fixture
def name() -> str:
    return f"packs/{secrets.token_hex(16)}"


async def test_it_lies_in_the_eu(store: ObjectCloud) -> None:
    check_location(await store.location())


@pytest.mark.parametrize("size", [0, 1, 65_536, CHUNK_BYTES, CHUNK_BYTES + 1, 16 * 1024 * 1024])
async def test_what_was_put_comes_back(store: ObjectCloud, name: str, size: int) -> None:
    content = secrets.token_bytes(size)
    remote = await store.put(name, content)
    assert remote == await store.stat(name)
    assert (remote.name, remote.size) == (name, size)
    assert await store.get(name) == content


async def test_the_checksum_is_crc32c(store: ObjectCloud, name: str) -> None:
    # RFC 3720 appendix B.4: 32 bytes of zeros have the CRC-32C 8a9136aa.
    remote = await store.put(name, bytes(32))
    assert remote.crc32c == "ipE2qg=="


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [(0, 4, b"0123"), (4, 3, b"456"), (8, None, b"89"), (8, 100, b"89"), (3, 0, b"")],
)
async def test_a_part(
    store: ObjectCloud, name: str, start: int, length: int | None, expected: bytes
) -> None:
    await store.put(name, b"0123456789")
    assert await store.get(name, start, length) == expected


async def test_the_same_again_is_success(store: ObjectCloud, name: str) -> None:
    assert await store.put(name, b"same") == await store.put(name, b"same")


async def test_nothing_is_overwritten(store: ObjectCloud, name: str) -> None:
    await store.put(name, b"first")
    with pytest.raises(Conflict, match="other content"):
        await store.put(name, b"other")
    assert await store.get(name) == b"first"


@pytest.mark.parametrize("size", [5, CHUNK_BYTES + 5])
async def test_the_same_again_and_nothing_overwritten_at_any_size(
    store: ObjectCloud, kind: str, name: str, size: int
) -> None:
    # fake-gcs-server overwrites what comes by a resumable upload.
    content = secrets.token_bytes(5 if kind == "gcs" else size)
    assert await store.put(name, content) == await store.put(name, content)
    with pytest.raises(Conflict):
        await store.put(name, content[:-1] + bytes([content[-1] ^ 1]))
    assert await store.get(name) == content


async def test_many_at_once_under_one_name_leave_one(store: ObjectCloud, name: str) -> None:
    contents = [secrets.token_bytes(1000) for _ in range(5)]
    results = await asyncio.gather(
        *(store.put(name, content) for content in contents), return_exceptions=True
    )
    kept = await store.get(name)
    winners = [content for content, result in zip(contents, results, strict=True)
               if not isinstance(result, BaseException)]  # fmt: skip
    assert winners == [kept]


async def test_not_there(store: ObjectCloud, name: str) -> None:
    assert await store.stat(name) is None
    with pytest.raises(NotFound):
        await store.get(name)
    await store.delete(name)


async def test_deleted_is_gone(store: ObjectCloud, name: str) -> None:
    await store.put(name, b"x")
    await store.delete(name)
    await store.delete(name)
    assert await store.stat(name) is None


@pytest.mark.parametrize(
    "wrong",
    ["", "packs/", "../packs/" + "a" * 32, "packs/" + "A" * 32, "packs/" + "a" * 33, "a" * 32],
)
async def test_no_name_is_a_path(store: ObjectCloud, wrong: str) -> None:
    attempts: list[Callable[[], Any]] = [
        lambda: store.put(wrong, b""),
        lambda: store.get(wrong),
        lambda: store.stat(wrong),
        lambda: store.delete(wrong),
    ]
    for attempt in attempts:
        with pytest.raises(BadInput, match="not the name"):
            await attempt()


async def test_gcs_keeps_the_object_under_its_own_name(cloud: CloudServers, name: str) -> None:
    """Read by another client than ours: the name is not part of a path, nor escaped twice."""
    store = GcsObjects(cloud.bucket, endpoint=cloud.endpoint)
    await store.put(name, b"content")
    await store.close()
    async with aiohttp.ClientSession() as http:
        url = f"{cloud.endpoint}/storage/v1/b/{cloud.bucket}/o?prefix=packs/"
        async with http.get(url) as reply:
            listed = {item["name"] for item in (await reply.json())["items"]}
    assert name in listed
