"""Keys of the cloud as encrypted credentials: sealed by the script with systemd's own tool, loaded
by the night's units by name, and read from where systemd puts them."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from appliance.config import box
from appliance.config.cloud_credentials import FILES, NOT_HANDED, name_of, opened
from appliance.core.errors import Unreachable
from tests.support.box import ROOT
from tests.support.handed_credentials import handed, seal
from tests.support.unit_sandbox import words

_BOX = """# the school's box
box_id = "{id}"
[web]
names = ["box.example"]
[cloud]
objects = "gcs"
bucket = "archive"   # in the EU
credentials_file = "keys/gcs.json"
  records_uri_file='keys/records.uri' # one line
eraser_credentials_file = "keys/eraser.json"
"""

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-creds") is None or os.geteuid() != 0,
    reason="needs systemd-creds and, as the script does, root",
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    state = tmp_path / "box"
    (state / "keys").mkdir(parents=True)
    (state / "box.toml").write_text(_BOX.replace("{id}", "ab" * 16))
    (state / "box.toml").chmod(0o600)
    for name in ("gcs.json", "records.uri", "eraser.json"):
        (state / "keys" / name).write_text(f"secret of {name}")
    return state


def test_the_night_loads_what_it_opens_and_the_gateway_none() -> None:
    by_unit = {
        unit.stem.removeprefix("hallvakt-"): {
            name for (name,) in words(unit, "LoadCredentialEncrypted") if "pepper" not in name
        }
        for unit in (ROOT / "systemd").glob("*.service")
    }
    every = {name_of(key) for key in FILES}
    sending = {name for name in every if "eraser" not in name}
    night = {"syncer": sending, "fleet": sending, "drill": sending, "janitor": every}
    assert {unit: names for unit, names in by_unit.items() if names} == night


def test_what_box_toml_names_is_sealed_read_from_there_and_gone_from_the_box(
    state: Path, tmp_path: Path
) -> None:
    before = (state / "box.toml").read_text()
    store = tmp_path / "store"
    done = seal(state, store)
    assert done.returncode == 0, done.stderr
    assert list((state / "keys").iterdir()) == []
    names = ("hallvakt-cloud-credentials", "hallvakt-cloud-eraser-credentials",
             "hallvakt-cloud-records-uri")  # fmt: skip
    assert sorted(file.name for file in store.iterdir()) == list(names)
    for file in store.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert b"secret of" not in file.read_bytes()
    after = (state / "box.toml").read_text()
    for old, new in (
        ('"keys/gcs.json"', '"credential:hallvakt-cloud-credentials"'),
        (
            "  records_uri_file='keys/records.uri'",
            'records_uri_file = "credential:hallvakt-cloud-records-uri"',
        ),
        ('"keys/eraser.json"', '"credential:hallvakt-cloud-eraser-credentials"'),
    ):
        assert old in before
        before = before.replace(old, new)
    assert after == before  # comments and all
    assert stat.S_IMODE((state / "box.toml").stat().st_mode) == 0o600

    cloud = box.load(state).cloud  # who is not handed them
    with pytest.raises(Unreachable, match="systemctl start hallvakt-syncer") as refused:
        opened(cloud.credentials_file)
    assert refused.value.code == NOT_HANDED
    environment = handed(store, names, tmp_path / "handed")
    cloud = box.load(state, environment).cloud
    for key, secret in (
        (cloud.credentials_file, "gcs.json"),
        (cloud.records_uri_file, "records.uri"),
        (cloud.eraser_credentials_file, "eraser.json"),
    ):
        found = opened(key)
        assert found is not None
        assert found.read_text() == f"secret of {secret}"

    again = seal(state, store)
    assert again.returncode == 3
    assert "nothing to do" in again.stderr


def test_a_cut_before_box_toml_says_so_is_gone_on_from(state: Path, tmp_path: Path) -> None:
    before = (state / "box.toml").read_text()
    assert seal(state, tmp_path / "store").returncode == 0
    (state / "box.toml").write_text(before)
    done = seal(state, tmp_path / "store")
    assert done.returncode == 0, done.stderr
    assert "credential:hallvakt-cloud-records-uri" in (state / "box.toml").read_text()


def test_one_login_for_two_things_stays_one_login(state: Path, tmp_path: Path) -> None:
    """Else the box would take its own reading back for another's, and say so."""
    text = (state / "box.toml").read_text()
    (state / "box.toml").write_text(f'{text}verifier_credentials_file = "keys/gcs.json"\n')
    assert seal(state, tmp_path / "store").returncode == 0
    cloud = box.load(state).cloud
    assert cloud.verifier_credentials_file == cloud.credentials_file
    assert not (tmp_path / "store" / "hallvakt-cloud-verifier-credentials").exists()


def test_a_missing_file_changes_nothing(state: Path, tmp_path: Path) -> None:
    (state / "keys" / "eraser.json").unlink()
    before = (state / "box.toml").read_text()
    done = seal(state, tmp_path / "store")
    assert done.returncode == 3
    assert "nothing was changed" in done.stderr
    assert (state / "box.toml").read_text() == before
    assert len(list((state / "keys").iterdir())) == 2
    assert not (tmp_path / "store").exists()


def test_root_seals_and_removes_nothing_that_the_box_s_own_user_may_not_read(
    tmp_path: Path, state: Path
) -> None:
    """box.toml is that user's: what stands there must not make root hand out what is root's."""
    for directory in (tmp_path, tmp_path.parent, state, state / "keys"):
        directory.chmod(0o755)
    subprocess.run(["chown", "-R", "nobody:", str(state)], check=True)
    of_root = tmp_path / "of_root"
    of_root.write_text("root's own")
    of_root.chmod(0o600)
    (state / "keys" / "gcs.json").unlink()
    (state / "keys" / "gcs.json").symlink_to(of_root)
    done = seal(state, tmp_path / "store")
    assert done.returncode == 3, done.stdout
    assert of_root.read_text() == "root's own"
    assert not (tmp_path / "store" / "hallvakt-cloud-credentials").exists()
    assert 'credentials_file = "keys/gcs.json"' in (state / "box.toml").read_text()
