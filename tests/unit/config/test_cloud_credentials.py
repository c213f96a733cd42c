"""Keys of the cloud that box.toml names as credentials of the machine. (What seals them and what
loads them: tests/system/test_cloud_credentials.py.)"""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config import box, cloud_file
from appliance.config.box import CloudConfig
from appliance.config.cloud_credentials import NOT_HANDED, opened, whole
from appliance.core.errors import Unreachable, WrongConfiguration
from appliance.processes.cloud_ends import records_uri

URI = Path("credential:hallvakt-cloud-records-uri")
TOP = f'box_id = "{"ab" * 16}"\n'


def test_one_that_no_unit_loads_is_refused_by_name() -> None:
    for wrong in ("records.uri", "hallvakt-pepper", "../x", ""):
        with pytest.raises(WrongConfiguration, match="hallvakt-cloud-credentials"):
            box.parse(f'{TOP}[cloud]\nrecords_uri_file = "credential:{wrong}"\n')
    read = box.parse(f'{TOP}[cloud]\nrecords_uri_file = "{URI}"\n')
    assert read.cloud.records_uri_file == URI


def test_it_is_where_systemd_has_put_it_and_else_a_refusal_that_says_who_has_it(
    tmp_path: Path,
) -> None:
    cloud = CloudConfig(records_uri_file=URI, credentials_file=Path("keys/gcs.json"))
    for environment in ({}, {"CREDENTIALS_DIRECTORY": str(tmp_path)}):
        found = whole(cloud, Path("/srv/box"), environment)
        assert found.credentials_file == Path("/srv/box/keys/gcs.json")
        assert found.records_uri_file == URI  # also as it is written back
        with pytest.raises(Unreachable, match=r"with_cloud_keys\.sh") as refused:
            records_uri(found.records_uri_file)
        assert refused.value.code == NOT_HANDED
    (tmp_path / "hallvakt-cloud-records-uri").write_text("mongodb://archive.example/\n")
    found = whole(cloud, Path("/srv/box"), {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert records_uri(found.records_uri_file) == "mongodb://archive.example/"


def test_a_file_is_a_file_and_none_is_none() -> None:
    assert opened(None) is None
    assert opened(Path("/srv/credential:x")) == Path("/srv/credential:x")


def test_a_reviewer_s_machine_has_no_such_credentials(tmp_path: Path) -> None:
    file = tmp_path / "cloud.toml"
    file.write_text(
        f'[cloud]\nobjects = "directory"\ndirectory = "d"\nrecords_uri_file = "{URI}"\n'
    )
    read = cloud_file.load_cloud_file(file).cloud
    with pytest.raises(WrongConfiguration, match="cannot be read"):
        records_uri(read.records_uri_file)
