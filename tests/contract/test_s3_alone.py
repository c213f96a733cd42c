"""What only an S3 store shows: where it says it is, whom the client asks, what a kill leaves."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.adapters.cloud.residency import check_location
from appliance.adapters.cloud.s3 import S3Objects
from appliance.adapters.cloud.s3_session import S3Account
from appliance.core.errors import Conflict, Refused, Unreachable, WrongConfiguration
from appliance.core.transfer import CHUNK_BYTES, MemoryUploads
from tests.support.object_servers import BUCKET, REGION, WRITER, Moto, SeaweedFS
from tests.support.tap import Tap


@pytest.fixture(scope="module")
def moto() -> Iterator[Moto]:
    server = Moto()
    for region in ("eu-north-1", "us-west-2", "eu-west-2"):
        server.make_bucket(f"lies-in-{region}", region)
    yield server
    server.stop()


@pytest.mark.parametrize(
    ("region", "in_the_eea"), [("eu-north-1", True), ("us-west-2", False), ("eu-west-2", False)]
)
async def test_the_bucket_says_where_it_lies(moto: Moto, region: str, in_the_eea: bool) -> None:
    store = S3Objects(
        f"lies-in-{region}", region="eu-north-1", account=WRITER, endpoint=moto.endpoint
    )
    told = await store.location()
    await store.close()
    assert told == region.upper()
    if in_the_eea:
        assert check_location(told) == told
    else:
        with pytest.raises(Refused, match=told):
            check_location(told)


async def test_a_store_the_school_has_listed(moto: Moto) -> None:
    """Other providers' region names mean nothing here: the school's list of hosts decides."""
    store = S3Objects(
        "lies-in-us-west-2", region=REGION, account=WRITER, endpoint=moto.endpoint, listed=True
    )
    told = await store.location()
    await store.close()
    assert check_location(told, trusted=["127.0.0.1"]) == "127.0.0.1"
    with pytest.raises(Refused):
        check_location(told)


async def test_no_such_bucket(seaweed: SeaweedFS) -> None:
    store = S3Objects("not-there", region=REGION, account=WRITER, endpoint=seaweed.endpoint)
    with pytest.raises(WrongConfiguration, match=r"cloud\.bucket"):
        await store.location()
    await store.close()


async def test_a_wrong_key_is_refused_at_once(seaweed: SeaweedFS) -> None:
    stranger = S3Account(key_id="writer", secret="guessed")
    store = S3Objects(BUCKET, region=REGION, account=stranger, endpoint=seaweed.endpoint)
    with pytest.raises(Refused) as refused:
        await store.put(f"packs/{secrets.token_hex(16)}", b"content")
    assert refused.value.code == "cloud-access"
    assert "guessed" not in repr(stranger)
    await store.close()


async def test_nothing_around_it_is_asked(
    seaweed: SeaweedFS, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Environment and files that would lead the library elsewhere, and none of them does."""
    elsewhere = tmp_path / "config"
    elsewhere.write_text("[default]\nregion = us-east-1\nendpoint_url = http://127.0.0.1:9\n")
    for name, value in {
        "AWS_PROFILE": "not-there",
        "AWS_ACCESS_KEY_ID": "of-the-environment",
        "AWS_SECRET_ACCESS_KEY": "of-the-environment",
        "AWS_SESSION_TOKEN": "of-the-environment",
        "AWS_CONFIG_FILE": str(elsewhere),
        "AWS_SHARED_CREDENTIALS_FILE": str(elsewhere),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_REGION": "us-east-1",
        "AWS_CA_BUNDLE": "/nowhere",
        "AWS_DEFAULTS_MODE": "auto",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
    }.items():
        monkeypatch.setenv(name, value)
    store = S3Objects(BUCKET, region=REGION, account=WRITER, endpoint=seaweed.endpoint, pauses_s=())
    await store.put(name := f"packs/{secrets.token_hex(16)}", b"content")
    assert await store.get(name) == b"content"
    await store.close()


async def test_a_redirect_is_not_followed() -> None:
    """Elsewhere may be outside the EU."""
    async with Tap("127.0.0.1", 1) as tap:
        tap.answer = (
            b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:9/\r\n"
            b"x-amz-bucket-region: us-east-1\r\nContent-Length: 0\r\n\r\n"
        )
        store = S3Objects(BUCKET, region=REGION, account=WRITER, endpoint=tap.url, pauses_s=())
        with pytest.raises((Refused, Unreachable)):
            await store.put(f"packs/{secrets.token_hex(16)}", b"content")
        await store.close()


@pytest.mark.parametrize("wrong", ["", "[default]\naws_access_key_id = x\n", "{}", "[other]\n"])
async def test_a_file_without_a_key(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "credentials"
    path.write_text(wrong)
    with pytest.raises(WrongConfiguration, match="aws_secret_access_key"):
        await asyncio.to_thread(S3Account.from_file, path)


async def test_parts_that_arrived_are_not_sent_again(seaweed: SeaweedFS) -> None:
    """The line is cut in the middle of the second part; a new client, with the journal alone, asks
    which parts are there."""
    content, name = secrets.token_bytes(2 * CHUNK_BYTES + 9), f"packs/{secrets.token_hex(16)}"
    uploads = MemoryUploads()

    async with Tap("127.0.0.1", seaweed.port) as tap:

        def store() -> S3Objects:
            return S3Objects(
                BUCKET,
                region=REGION,
                account=WRITER,
                endpoint=tap.url,
                uploads=uploads,
                pauses_s=(),
            )

        tap.cut_after(CHUNK_BYTES + CHUNK_BYTES // 2)
        first = store()
        with pytest.raises(Unreachable):
            await first.put(name, content)
        await first.close()
        assert await uploads.find(name) is not None
        sent_before = tap.sent_bytes
        second = store()
        await second.put(name, content)
        assert await second.get(name) == content
        await second.close()
        assert await uploads.find(name) is None
        again = tap.sent_bytes - sent_before - (len(content) - CHUNK_BYTES)
        assert again < 20_000  # headers: the first part did not travel twice


async def test_an_upload_given_up_is_taken_back(seaweed: SeaweedFS) -> None:
    """Erasure of an attempt whose pack is half sent leaves no parts behind in the store."""
    content, name = secrets.token_bytes(2 * CHUNK_BYTES), f"packs/{secrets.token_hex(16)}"
    uploads = MemoryUploads()
    async with Tap("127.0.0.1", seaweed.port) as tap:
        store = S3Objects(
            BUCKET, region=REGION, account=WRITER, endpoint=tap.url, uploads=uploads, pauses_s=()
        )
        tap.cut_after(CHUNK_BYTES + CHUNK_BYTES // 2)
        with pytest.raises(Unreachable):
            await store.put(name, content)
        begun = await uploads.find(name)
        assert begun is not None
        await store.delete(name)
        assert await uploads.find(name) is None
        await uploads.remember(
            begun
        )  # as if the journal had been restored: the store knows no more
        await store.put(name, content)
        assert await store.get(name) == content
        with pytest.raises(Conflict):
            await store.put(name, content[::-1])
        await store.close()
