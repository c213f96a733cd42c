"""What the object-store client does when line or store misbehave: a server that follows a script.

Only faults that the real server cannot be made to show; everything else is in
test_object_cloud.py.
"""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appliance.adapters.cloud.gcs import GcsObjects
from appliance.adapters.cloud.names import crc32c
from appliance.core.errors import Conflict, IntegrityFailure, Refused, Unreachable

CONTENT = b"ciphertext" * 1000


class Scripted:
    """Stores like GCS; `faults` are taken one per upload: a status to answer instead of storing,
    `lost` to store and drop the line, `damaged` to store something else."""

    def __init__(self) -> None:
        self.faults: list[int | str] = []
        self.stored: dict[str, bytes] = {}
        self.uploads: list[web.Request] = []
        self.about: list[dict[str, Any]] = []

    async def upload(self, request: web.Request) -> web.StreamResponse:
        self.uploads.append(request)
        head, content = await _parts(request)
        self.about.append(head)
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            return web.Response(status=fault)
        if head["name"] in self.stored:
            return web.Response(status=412)
        self.stored[head["name"]] = content[:-1] if fault == "damaged" else content
        if fault == "lost":
            assert request.transport is not None
            request.transport.close()
        return self._describe(head["name"])

    async def stat(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        return self._describe(name) if name in self.stored else web.Response(status=404)

    def _describe(self, name: str) -> web.Response:
        content = self.stored[name]
        return web.json_response(
            {"name": name, "size": str(len(content)), "crc32c": crc32c(content)}
        )


async def _parts(request: web.Request) -> tuple[dict[str, Any], bytes]:
    reader = await request.multipart()
    parts = []
    while (part := await reader.next()) is not None:
        parts.append(await part.read())  # type: ignore[union-attr]
    head: dict[str, Any] = json.loads(parts[0])
    return head, bytes(parts[1])


@pytest.fixture
async def script() -> Scripted:
    return Scripted()


@pytest.fixture
async def endpoint(script: Scripted) -> AsyncIterator[str]:
    application = web.Application(client_max_size=32 * 1024 * 1024)
    application.router.add_post("/upload/storage/v1/b/bucket/o", script.upload)
    application.router.add_get("/storage/v1/b/bucket/o/{name:.+}", script.stat)
    server = TestServer(application)
    await server.start_server()
    yield str(server.make_url("")).rstrip("/")
    await server.close()


@pytest.fixture
async def store(endpoint: str) -> AsyncIterator[GcsObjects]:
    store = GcsObjects("bucket", endpoint=endpoint, pauses_s=(0.0, 0.0))
    yield store
    await store.close()


@pytest.fixture
def name() -> str:
    return f"packs/{secrets.token_hex(16)}"


async def test_an_upload_is_create_only_and_names_its_checksum(
    store: GcsObjects, script: Scripted, name: str
) -> None:
    await store.put(name, CONTENT)
    (request,) = script.uploads
    assert request.query["ifGenerationMatch"] == "0"
    assert request.query["uploadType"] == "multipart"
    assert script.about == [{"name": name, "crc32c": crc32c(CONTENT)}]
    assert script.stored == {name: CONTENT}
    assert "Authorization" not in request.headers


async def test_a_lost_reply_is_settled_by_asking(
    store: GcsObjects, script: Scripted, name: str
) -> None:
    script.faults = ["lost"]
    remote = await store.put(name, CONTENT)
    assert (remote.size, remote.crc32c) == (len(CONTENT), crc32c(CONTENT))
    assert len(script.uploads) == 2
    assert script.stored == {name: CONTENT}


async def test_a_busy_store_is_asked_again_and_not_for_ever(
    store: GcsObjects, script: Scripted, name: str
) -> None:
    script.faults = [503, 429]
    await store.put(name, CONTENT)
    assert len(script.uploads) == 3
    script.faults = [500, 502, 503, 504]
    with pytest.raises(Unreachable):
        await store.put(f"packs/{'0' * 32}", CONTENT)
    assert len(script.uploads) == 6


async def test_what_the_store_says_it_has_decides(
    store: GcsObjects, script: Scripted, name: str
) -> None:
    script.faults = ["damaged"]
    with pytest.raises(IntegrityFailure):
        await store.put(name, CONTENT)
    with pytest.raises(Conflict):  # and it stays a fault: the name holds something else
        await store.put(name, CONTENT)


async def test_a_refusal_is_not_retried(store: GcsObjects, script: Scripted, name: str) -> None:
    script.faults = [403]
    with pytest.raises(Refused):
        await store.put(name, CONTENT)
    assert len(script.uploads) == 1


async def test_a_redirect_is_not_followed(store: GcsObjects, script: Scripted, name: str) -> None:
    """Elsewhere may be outside the EU."""
    script.faults = [307]
    with pytest.raises(Unreachable):
        await store.put(name, CONTENT)
    assert len(script.uploads) == 1


async def test_nobody_there(name: str) -> None:
    store = GcsObjects("bucket", endpoint="http://127.0.0.1:9", pauses_s=(0.0,))
    with pytest.raises(Unreachable):
        await store.put(name, CONTENT)
    await store.close()


async def test_the_token_is_made_here_and_signed_by_the_service_account(
    endpoint: str, script: Scripted, name: str, tmp_path: Path
) -> None:
    private = await asyncio.to_thread(generate_private_key, 65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = {
        "type": "service_account",
        "client_email": "box@project.iam.gserviceaccount.com",
        "private_key": pem.decode(),
        "private_key_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
    path = tmp_path / "key.json"
    await asyncio.to_thread(path.write_text, json.dumps(key))
    store = await asyncio.to_thread(
        lambda: GcsObjects("bucket", endpoint=endpoint, credentials_file=path)
    )
    await store.put(name, CONTENT)
    await store.close()
    scheme, _, token = script.uploads[0].headers["Authorization"].partition(" ")
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert scheme == "Bearer"
    assert claims["iss"] == key["client_email"]
    assert claims["aud"] == "https://storage.googleapis.com/"
