"""`hallvakt relay config`: what coturn is given, for who wants to read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from appliance.adapters.relay.lint import lint
from appliance.cli.main import run

BOX = f'box_id = "{"ab" * 16}"\n'


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "box.toml").write_text(BOX + '[relay]\nrelay_host = "198.18.77.1"\n')
    return tmp_path


def test_it_prints_each_exam_s_share_and_no_secret(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = []
    for number in range(2):
        assert run(["relay", "config", "--number", str(number), "--state", str(state)]) == 0
        text = capsys.readouterr().out
        assert lint(text) == []
        assert "static-auth-secret=NEW-FOR-EACH-EXAM\n" in text
        assert f"allowed-peer-ip=198.18.77.{number + 1}\n" in text
        assert "listening-ip=0.0.0.0\n" in text
        assert "listening-ip=127.0.0.1\n" in text  # with what this machine is called else
        words = ["relay", "config", "--json", "--number", str(number), "--state", str(state)]
        assert run(words) == 0
        shares.append(json.loads(capsys.readouterr().out))
        assert shares[-1]["configuration"] == text.splitlines()
    assert [share["relay_address"] for share in shares] == ["198.18.77.1", "198.18.77.2"]
    assert shares[0]["media_ports"][1] < shares[1]["media_ports"][0]
    assert [share["port"] for share in shares] == [3478, 3479]


@pytest.mark.parametrize(
    ("relay", "says"),
    [
        ('relay_host = "192.168.1.10"', "only the relay has"),
        ('listen_host = "10.0.0.5\\nno-auth"', "must be an IPv4 address"),
    ],
)
def test_one_that_would_not_be_safe_is_not_shown_as_if_it_were(
    relay: str, says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "box.toml").write_text(f"{BOX}[relay]\n{relay}\n")
    assert run(["relay", "config", "--state", str(tmp_path)]) == 3
    said = capsys.readouterr()
    assert says in said.err
    assert said.out == ""
