"""The first boot's write and read-back, with three identities that may do their own work only: on
SeaweedFS with the S3 policies that `sync prepare --show-roles` prints, and on a Google store that
looks at who signed each token. A verifier that may not read is found out then, not by
the first night."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from appliance.config.box import CloudConfig
from appliance.core.errors import Refused
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.cloud_trial import probed
from appliance.services.cloud_probe import CloudProbe
from appliance.services.object_policies import s3_policies
from tests.support.object_servers import BUCKET, REGION, SeaweedFS, account
from tests.support.strict_gcs import StrictGcs

IDENTITIES: Mapping[str, tuple[str, ...]] = {
    "writer": ("create",),
    "verifier": ("read",),
    "eraser": ("read", "delete"),
}


@pytest.fixture(scope="module")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("probed"), policies=s3_policies(BUCKET))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def s3(seaweed: SeaweedFS, tmp_path: Path) -> CloudConfig:
    keys = {
        name: seaweed.write_credentials(tmp_path / f"{name}.s3", account(name))
        for name in IDENTITIES
    }
    return _config(
        CloudConfig(objects="s3", endpoint=seaweed.endpoint, region=REGION, bucket=BUCKET),
        keys,
        tmp_path,
    )


@pytest_asyncio.fixture
async def google(tmp_path: Path) -> AsyncIterator[tuple[StrictGcs, CloudConfig]]:
    store = StrictGcs(roles={_mail(name): may for name, may in IDENTITIES.items()})
    await store.start()
    private = await asyncio.to_thread(generate_private_key, 65537, 2048)
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    keys = {name: tmp_path / f"{name}.json" for name in IDENTITIES}
    for name, path in keys.items():
        key = {
            "type": "service_account",
            "client_email": _mail(name),
            "private_key": pem,
            "private_key_id": "1",
            "token_uri": "https://oauth2.googleapis.com/token",
        }
        await asyncio.to_thread(path.write_text, json.dumps(key))
    where = CloudConfig(objects="gcs", endpoint=store.endpoint, bucket=store.bucket)
    yield store, await asyncio.to_thread(_config, where, keys, tmp_path)
    await store.stop()


def _mail(name: str) -> str:
    return f"{name}@project.iam.gserviceaccount.com"


def _config(where: CloudConfig, keys: Mapping[str, Path], directory: Path) -> CloudConfig:
    nobody = directory / "records.uri"  # the probe asks no database
    nobody.write_text("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=1")
    return replace(
        where,
        credentials_file=keys["writer"],
        verifier_credentials_file=keys["verifier"],
        eraser_credentials_file=keys["eraser"],
        records_uri_file=nobody,
        verifier_records_uri_file=nobody,
        eraser_records_uri_file=nobody,
    )


async def _probe(config: CloudConfig) -> CloudProbe:
    async with cloud_ends(config) as ends:
        return await probed(config, ends.objects)


async def test_on_s3_each_does_its_own_part(s3: CloudConfig) -> None:
    proven = await _probe(s3)
    assert proven.removed
    with pytest.raises(Refused, match="cannot be read back by the login that proves it"):
        await _probe(replace(s3, verifier_credentials_file=s3.credentials_file))
    with pytest.raises(Refused, match="may not write"):
        await _probe(replace(s3, credentials_file=s3.verifier_credentials_file))
    stays = await _probe(replace(s3, eraser_credentials_file=s3.verifier_credentials_file))
    assert not stays.removed


async def test_on_google_each_does_its_own_part(google: tuple[StrictGcs, CloudConfig]) -> None:
    store, config = google
    proven = await _probe(config)
    assert proven.removed
    assert store.created == [proven.name]
    assert store.objects == {}
    with pytest.raises(Refused, match="cannot be read back by the login that proves it"):
        await _probe(replace(config, verifier_credentials_file=config.credentials_file))
    with pytest.raises(Refused, match="may not write"):
        await _probe(replace(config, credentials_file=config.verifier_credentials_file))
    stays = await _probe(replace(config, eraser_credentials_file=config.verifier_credentials_file))
    assert not stays.removed
