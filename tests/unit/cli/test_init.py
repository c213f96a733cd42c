"""A box is made whole or not at all."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from pathlib import Path

import pyotp
import pytest

from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.store.stores import open_stores
from appliance.cli.main import run
from appliance.config import box
from appliance.core.audit import verify
from appliance.core.people import User
from appliance.core.roles import Role


def init(
    state: Path, *arguments: str, lead: str = "lead", passphrase: str = "ett långt lösenord"
) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "appliance.cli.main", "init", "--state", str(state)]
    return subprocess.run(
        [*words, "--lead", lead, "--passphrase-fd", "0", "--json", *arguments],
        capture_output=True,
        text=True,
        input=passphrase + "\n",
        timeout=120,
    )


def first_person(state: Path) -> User:
    stores = open_stores(state)

    async def read() -> User:
        try:
            assert verify(await stores.audit.entries()) == 1
            (user,) = await stores.users.all()
            return user
        finally:
            await stores.close()

    return asyncio.run(read())


def test_everything_a_box_needs_is_there(tmp_path: Path) -> None:
    state = tmp_path / "box"
    done = init(state, "--host", "127.0.0.1", "--port", "9443", "--no-second-factor")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    config = box.load(state)
    assert told["box_id"] == config.box_id
    assert told["url"] == "https://127.0.0.1:9443"
    assert told["people"] == [{"name": "lead", "role": "lead_invigilator"}]
    assert "127.0.0.1" in config.web.names
    SigningKey.load(state / "keys" / "box_signing.pem")
    lead = first_person(state)
    assert (lead.name, lead.role, lead.all_exams) == ("lead", Role.LEAD_INVIGILATOR, True)
    assert lead.totp_secret is None
    assert PassphraseHashes().verify(lead.passphrase_hash, "ett långt lösenord")


def test_only_the_owner_gets_in(tmp_path: Path) -> None:
    state = tmp_path / "box"
    assert init(state, "--no-second-factor").returncode == 0
    public = {"ca.pem", "box.pem"}
    open_to_others = [
        path
        for path in [state, *state.rglob("*")]
        if stat.S_IMODE(path.stat().st_mode) & 0o077 and path.name not in public
    ]
    assert open_to_others == []


def test_a_second_factor_is_the_default(tmp_path: Path) -> None:
    done = init(tmp_path / "box")
    told = json.loads(done.stdout)
    secret = first_person(tmp_path / "box").totp_secret
    assert secret is not None
    parsed = pyotp.parse_uri(told["people"][0]["totp_uri"])
    assert isinstance(parsed, pyotp.TOTP)
    assert (parsed.secret, parsed.name, parsed.issuer) == (secret, "lead", "Hallvakt")


@pytest.mark.parametrize(
    ("arguments", "passphrase", "exit_code", "says"),
    [
        ((), "short", 2, "at least 10"),
        (("--port", "0"), "long enough it is", 3, "web.port"),
        (("--certificate-name", "två ord"), "long enough it is", 3, "två ord is neither"),
        (("--certificate-name", "two words"), "long enough it is", 3, "two words is neither"),
        (
            ("--certificate-name", "box", "--port", "3478"),
            "long enough it is",
            3,
            "another port than relay.port",
        ),
    ],
)
def test_a_failed_init_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], passphrase: str, exit_code: int, says: str
) -> None:
    state = tmp_path / "box"
    done = init(state, *arguments, passphrase=passphrase)
    assert done.returncode == exit_code
    assert says in done.stderr
    assert not state.exists()


def test_a_directory_in_use_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("here")
    done = init(tmp_path)
    assert done.returncode == 4
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]


def test_a_path_too_long_for_its_sockets_is_refused(tmp_path: Path) -> None:
    done = init(tmp_path / ("d" * 90))
    assert done.returncode == 2
    assert "too long" in done.stderr


def test_a_lead_without_a_name_is_refused(tmp_path: Path) -> None:
    """Nobody could log in to such a box with the console."""
    done = init(tmp_path / "box", lead=" ")
    assert done.returncode == 2
    assert "printable characters" in done.stderr
    assert not (tmp_path / "box").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--certificate-name", "10.20.0.5"), ""),
        (("--certificate-name", "lådan.se"), "lådan.se is neither an address nor a name"),
        (("--certificate-name", "box", "--lan-name", "exam.box"), "web.lan_name must be one word"),
        (
            ("--certificate-name", "box", "--port", "3478"),
            "web.port must be another port than relay.port",
        ),
        (
            ("--certificate-name", "box", "--host", "::"),
            "relay.listen_host must be an IPv4 address",
        ),
    ],
    ids=["good", "certificate name", "LAN name", "port", "IPv6"],
)
def test_whether_a_box_can_be_made_so_is_said_without_making_one(
    tmp_path: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No passphrase is read: the first boot asks before it lets anybody type one."""
    code = run(["init", "--check", "--lead", "lead", "--state", str(tmp_path / "box"), *words])
    said = capsys.readouterr()
    assert (code, says in said.err) == (3 if says else 0, True), said
    assert ("A box can be made so." in said.out) == (not says)
    assert list(tmp_path.iterdir()) == []
