"""The strict double itself, held against Google's own client and the documented protocol."""

from __future__ import annotations

import asyncio
import io
import secrets
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from google.api_core.exceptions import PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.support.strict_gcs import GRANULARITY, StrictGcs

CHUNK = 16 * GRANULARITY  # up to 8 MiB Google's client uses no session


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


async def test_googles_own_client_finds_it_in_order(strict: StrictGcs) -> None:
    small, large = secrets.token_bytes(1000), secrets.token_bytes(2 * CHUNK + 5)
    await asyncio.to_thread(_as_google_does, strict, small, large)
    assert strict.objects == {"large": large}
    ranges = [s.headers["Content-Range"] for s in strict.seen if "Content-Range" in s.headers]
    size = len(large)
    assert ranges[:2] == [
        f"bytes 0-{CHUNK - 1}/{size}",
        f"bytes {CHUNK}-{2 * CHUNK - 1}/{size}",
    ]


def _as_google_does(strict: StrictGcs, small: bytes, large: bytes) -> None:
    client = storage.Client(
        project="test",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
        client_options={"api_endpoint": strict.endpoint},
    )
    bucket = client.get_bucket(strict.bucket)
    assert bucket.location == strict.location
    blob = bucket.blob("small")
    blob.upload_from_string(small, if_generation_match=0, checksum="crc32c")
    with pytest.raises(PreconditionFailed):
        bucket.blob("small").upload_from_string(b"other", if_generation_match=0)
    assert blob.download_as_bytes() == small
    assert blob.download_as_bytes(start=10, end=19) == small[10:20]
    # Over the chunk size the client uses a resumable session.
    resumable: Any = bucket.blob("large", chunk_size=CHUNK)
    resumable.upload_from_file(io.BytesIO(large), size=len(large), if_generation_match=0)
    again: Any = bucket.blob("large", chunk_size=CHUNK)
    with pytest.raises(PreconditionFailed):
        again.upload_from_file(io.BytesIO(large), size=len(large), if_generation_match=0)
    assert resumable.download_as_bytes() == large
    assert [b.name for b in client.list_blobs(strict.bucket)] == ["large", "small"]
    blob.delete()
    client.close()


async def test_a_session_step_by_step(strict: StrictGcs) -> None:
    content = secrets.token_bytes(2 * GRANULARITY + 7)
    url = f"{strict.endpoint}/upload/storage/v1/b/bucket/o?uploadType=resumable&ifGenerationMatch=0"
    async with aiohttp.ClientSession() as http:
        async with http.post(url, json={"name": "one"}) as reply:
            session = reply.headers["Location"]

        async def put(content_range: str, data: bytes = b"") -> tuple[int, str | None]:
            headers = {"Content-Range": content_range}
            async with http.put(session, data=data, headers=headers) as reply:
                return reply.status, reply.headers.get("Range")

        size = len(content)
        assert await put(f"bytes */{size}") == (308, None)  # nothing yet: no Range
        assert (await put(f"bytes 0-99/{size}", content[:100]))[0] == 400  # not a whole step
        first = content[:GRANULARITY]
        assert await put(f"bytes 0-{GRANULARITY - 1}/{size}", first) == (
            308,
            f"bytes=0-{GRANULARITY - 1}",
        )
        assert (await put(f"bytes 0-{GRANULARITY - 1}/{size}", first))[0] == 400  # it has that
        rest = content[GRANULARITY:]
        assert (await put(f"bytes {GRANULARITY}-{size - 1}/{size}", rest))[0] == 200
        assert (await put(f"bytes */{size}"))[0] == 200  # and says so again
        assert strict.objects == {"one": content}
        strict.expire_sessions()
        assert (await put(f"bytes */{size}"))[0] == 410
        async with http.delete(session) as reply:
            assert reply.status == 499


async def test_what_an_earlier_connection_still_brings_is_not_mixed_in(strict: StrictGcs) -> None:
    """The double's own rule, where the documentation says nothing: a later request takes over."""
    content = secrets.token_bytes(3 * GRANULARITY)
    url = f"{strict.endpoint}/upload/storage/v1/b/bucket/o?uploadType=resumable&ifGenerationMatch=0"
    taken_over = asyncio.Event()

    async def earlier_body() -> AsyncIterator[bytes]:
        yield content[:GRANULARITY]
        await taken_over.wait()
        yield bytes(GRANULARITY)

    async def later_body() -> AsyncIterator[bytes]:
        yield content[GRANULARITY : 2 * GRANULARITY]
        while await held() != 2 * GRANULARITY:
            pass
        taken_over.set()
        (await earlier).close()  # all of it has arrived
        yield content[2 * GRANULARITY :]

    async def held() -> int:
        about = {"Content-Range": f"bytes */{len(content)}"}
        async with http.put(session, data=b"", headers=about) as reply:
            return int(reply.headers.get("Range", "bytes=0--1").removeprefix("bytes=0-")) + 1

    async with aiohttp.ClientSession() as http:
        async with http.post(url, json={"name": "one"}) as reply:
            session = reply.headers["Location"]

        def put(first: int, body: AsyncIterator[bytes]) -> asyncio.Future[aiohttp.ClientResponse]:
            about = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
            asked = http.put(session, data=body, headers=about, allow_redirects=False)
            return asyncio.ensure_future(asked)

        earlier = put(0, earlier_body())
        while await held() != GRANULARITY:
            pass
        reply = await put(GRANULARITY, later_body())
        assert reply.status == 200
        reply.close()
    assert strict.objects == {"one": content}


async def test_each_identity_may_do_its_own(strict: StrictGcs) -> None:
    strict.roles = {"writer": {"create"}, "verifier": {"read"}, "eraser": {"delete", "read"}}
    strict.objects = {"kept": b"content", "held": b"held"}
    strict.held = {"held"}
    base = f"{strict.endpoint}/storage/v1/b/bucket/o"
    upload = f"{strict.endpoint}/upload/storage/v1/b/bucket/o?uploadType=resumable"
    async with aiohttp.ClientSession() as http:

        async def ask(method: str, url: str, token: str) -> int:
            headers = {"Authorization": f"Bearer {token}"}
            body = {"name": "new"} if method == "POST" else None
            async with http.request(method, url, headers=headers, json=body) as reply:
                return reply.status

        for token, expected in {
            "writer": {"POST": 200, "GET": 403, "DELETE": 403},
            "verifier": {"POST": 403, "GET": 200, "DELETE": 403},
            "stranger": {"POST": 401, "GET": 401, "DELETE": 401},
            "eraser": {"POST": 403, "GET": 200, "DELETE": 204},
        }.items():
            assert await ask("POST", upload, token) == expected["POST"]
            assert await ask("GET", f"{base}/kept?alt=media", token) == expected["GET"]
            assert await ask("DELETE", f"{base}/kept", token) == expected["DELETE"]
        assert await ask("DELETE", f"{base}/held", "eraser") == 403
