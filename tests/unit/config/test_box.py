"""The box's configuration file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig, WebConfig
from appliance.config.night import NightConfig
from appliance.core.errors import WrongConfiguration
from appliance.core.ids import BoxId
from appliance.core.night_window import Window

ID = BoxId("ab" * 16)
TOP = f'box_id = "{ID}"\n'


def test_what_is_written_is_read(tmp_path: Path) -> None:
    config = BoxConfig(
        box_id=ID,
        name="Aulan",
        web=WebConfig(port=9443, names=("box.school.example", "10.0.0.5")),
        night=NightConfig(
            time_zone="Europe/Stockholm",
            window=(
                Window(opens="22:00", closes="06:00", days=("mon", "tue"), cap_mbit_s=4.0),
                Window(opens="12:00", closes="13:00", metered=True),
                Window(opens="13:00", closes="14:00", cap_mbit_s=1.5, shared=True),
            ),
        ),
        cloud=CloudConfig(objects="directory", directory=tmp_path / "copy"),
        halls={"Hall A, östra": ("10.20.0.0/16", "2001:db8::/64")},
    )
    path = box.write(tmp_path, config)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert box.load(tmp_path) == config


def test_relative_paths_are_below_the_state_directory(tmp_path: Path) -> None:
    (tmp_path / "box.toml").write_text(
        TOP + '[cloud]\nrecords_uri_file = "keys/records.uri"\ncredentials_file = "/etc/gcs.json"\n'
    )
    cloud = box.load(tmp_path).cloud
    assert cloud.records_uri_file == tmp_path / "keys" / "records.uri"
    assert cloud.credentials_file == Path("/etc/gcs.json")
    assert cloud.directory is None


def test_there_is_at_least_one_worker() -> None:
    assert box.parse(TOP).workers.count >= 1


def test_a_directory_without_a_box_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration, match="hallvakt init"):
        box.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "box_id is missing"),
        ('box_id = "x"\n', "box_id must be 32 hexadecimal digits"),
        (TOP + "[web]\nprot = 1\n", "the key prot is not known in the table [web]. Did you mean"),
        (TOP + "[mongo]\n", "the key mongo is not known in the top level"),
        (TOP + "[web]\nport = 0\n", "web.port must be between"),
        (TOP + "[web]\nnames = []\n", "web.names"),
        (TOP + "[web]\nnames = [1]\n", "web.names[0] must be text"),
        (TOP + '[halls]\nAula = ["10.20.0.0/33"]\n', "each hall has a list of networks"),
        (TOP + "[halls]\nAula = []\n", "each hall has a list of networks"),
        (TOP + "[web]\nport = 3478\n", "another port than relay.port"),
        (TOP + "[relay]\nport = 5349\n", "two different ports"),
        (TOP + "[relay]\nmin_port = 50000\n", "relay.min_port"),
        *(
            (TOP + f'[relay]\nrelay_host = "{host}"\n', "only the relay has")
            for host in (
                *("192.168.1.10", "10.77.0.1", "127.0.0.1", "127.0.0.53", "127.0.1.1", "0.0.0.0"),
                *("127.255.255.255", "198.20.0.1", "8.8.8.8", "::1", "fd00::1", "relay.example"),
                *("255.255.255.255", "", "127.77.0.1\\nno-auth"),
            )
        ),
        (TOP + "[workers]\ncount = 0\n", "workers.count"),
        (TOP + '[cloud]\nobjects = "s3"\n', "cloud.objects"),
        (TOP + '[cloud]\nobjects = "gcs"\n', "write cloud.bucket too"),
        (TOP + '[cloud]\nobjects = "directory"\n', "write cloud.directory too"),
        (
            TOP + '[cloud]\nobjects = "s3"\nbucket = "b"\n',
            "cloud.region and cloud.credentials_file",
        ),
        (TOP + '[[night.window]]\nfrom = "22:00"\n', "number 1: to must be a time"),
        (TOP + '[[night.window]]\nform = "22:00"\n', "form is not known"),
        (TOP + '[night]\ntime_zone = "Mars"\n', "Europe/Stockholm"),
        (TOP + "[night]\nwindow = 3\n", "night.window must be"),
        (TOP + "[cloud]\ndirectory = 1\n", "cloud.directory must be text"),
        (TOP + '[cloud]\npassword = "x"\n', "the key password is not known"),
    ],
)
def test_a_wrong_file_is_refused_with_the_key(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "box.toml").write_text(text)
    with pytest.raises(WrongConfiguration) as refused:
        box.load(tmp_path)
    assert says in refused.value.message


def test_a_person_may_add_a_window_below_what_the_box_wrote(tmp_path: Path) -> None:
    path = box.write(tmp_path, BoxConfig(box_id=ID))
    path.write_text(f'{path.read_text()}\n[[night.window]]\nfrom = "22:00"\nto = "06:00"\n')
    assert box.load(tmp_path).night.window == (Window(opens="22:00", closes="06:00"),)


@pytest.mark.parametrize("host", ["127.77.0.1", "127.1.0.1", "198.18.77.1", "198.19.255.1"])
def test_an_address_that_only_the_relay_has(host: str) -> None:
    assert box.parse(TOP + f'[relay]\nrelay_host = "{host}"\n').relay.relay_host == host


@pytest.mark.parametrize(
    ("port", "http_port", "wanted"),
    [(8443, 0, True), (443, 80, True), (8443, 80, False), (443, 8080, False), (8443, 8080, False)],
)
def test_browsers_are_told_to_come_by_tls_alone_where_they_then_find_the_box(
    port: int, http_port: int, wanted: bool
) -> None:
    assert WebConfig(port=port, http_port=http_port).tls_alone is wanted
