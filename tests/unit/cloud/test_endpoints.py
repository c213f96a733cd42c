"""Beyond this machine nothing goes without TLS and without credentials."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.adapters.cloud.gcs import GcsObjects
from appliance.adapters.cloud.records import MongoRecords
from appliance.adapters.cloud.s3 import S3Objects
from appliance.adapters.cloud.s3_session import S3Account
from appliance.core.errors import WrongConfiguration

ACCOUNT = S3Account(key_id="k", secret="s")


@pytest.mark.parametrize(
    "endpoint",
    ["http://storage.example", "http://10.0.0.1:4443", "ftp://127.0.0.1", "storage.example", ""],
)
def test_object_stores_need_tls(endpoint: str) -> None:
    with pytest.raises(WrongConfiguration):
        GcsObjects("bucket", endpoint=endpoint)
    if endpoint:  # S3 without one is Amazon's
        with pytest.raises(WrongConfiguration):
            S3Objects("bucket", region="eu-north-1", account=ACCOUNT, endpoint=endpoint)


@pytest.mark.parametrize("region", ["", "eu north", "eu-north-1.evil.example/", "EU"])
def test_a_region_is_a_short_name_and_no_address(region: str) -> None:
    with pytest.raises(WrongConfiguration, match=r"cloud\.region"):
        S3Objects("bucket", region=region, account=ACCOUNT)


def test_object_stores_need_credentials(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="credentials_file"):
        GcsObjects("bucket")
    (tmp_path / "key.json").write_text("{}")
    with pytest.raises(WrongConfiguration, match="service account"):
        GcsObjects("bucket", credentials_file=tmp_path / "key.json")


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://db.example/",
        "mongodb://user:geheim@db.example/?tls=false",
        "mongodb://127.0.0.1,db.example/",
        "mongodb://db.example/?tls=true&tlsAllowInvalidCertificates=true",
        "mongodb+srv://db.example/?tls=false",
        "http://db.example",
        "",
    ],
)
def test_databases_need_tls_and_the_password_stays_out_of_the_sentence(uri: str) -> None:
    with pytest.raises(WrongConfiguration) as refused:
        MongoRecords(uri, "hallvakt")
    assert "geheim" not in refused.value.message


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://127.0.0.1:27017/",
        "mongodb://[::1]:27017/",
        "mongodb://localhost/",
        "mongodb://user:p@db.example:27017/?tls=true",
        "mongodb+srv://user:p@db.example/",
    ],
)
def test_these_are_fine(uri: str) -> None:
    MongoRecords(uri, "hallvakt")
