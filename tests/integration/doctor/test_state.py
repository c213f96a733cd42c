"""The doctor on files that are not the box's own, and on ports that somebody else has."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.host.credentials import sealed_pepper
from appliance.config.box import BoxConfig, RelayConfig, WebConfig
from appliance.core.checkup import CheckStatus
from appliance.core.checkup_credentials import pepper_of_a_stopped_gateway
from appliance.core.ids import BoxId
from appliance.core.keys import PepperKeeping
from appliance.processes.checkup_parts import keys_checks
from appliance.processes.checkup_state import files_check, ports_check
from appliance.rehearsal.free_ports import free_port


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for name in ("keys", "tls", "db"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").touch(0o600)
    tmp_path.chmod(0o700)
    return tmp_path


def test_a_box_whose_files_are_its_own(state: Path) -> None:
    (found,) = files_check(state)
    assert (found.status, found.advice) == (CheckStatus.OK, "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_root_copied_into_the_box_is_named_with_the_command(state: Path) -> None:
    for path in (state, *state.rglob("*")):
        os.chown(path, 65534, 65534)
    assert files_check(state)[0].status is CheckStatus.OK
    os.chown(state / "tls" / "file", 0, 0)
    (found,) = files_check(state)
    assert found.status is CheckStatus.FAIL
    assert found.detail.startswith(f"{state}/tls/file belongs to root, not to nobody:")
    assert f"chown -R nobody: {state}" in found.advice
    os.chown(state / "db", 0, 0)
    assert files_check(state)[0].detail.startswith(f"{state}/db and 1 more belong to root, not to")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_the_box_s_other_users_made_is_the_box_s(state: Path) -> None:
    for path in (state, *state.rglob("*")):
        os.chown(path, 65534, 64210)
    state.chmod(0o2750)
    shared = state / "db" / "file"
    os.chown(shared, 64211, 64210)  # the night's
    shared.chmod(0o660)
    assert files_check(state)[0].status is CheckStatus.OK
    shared.chmod(0o640)  # what root copied there: the others cannot write it
    assert files_check(state)[0].status is CheckStatus.FAIL
    state.chmod(0o2755)
    assert "(mode 2755)" in files_check(state)[0].detail


def test_a_signing_key_that_is_gone_is_named_before_the_box_does_not_start(state: Path) -> None:
    (found, *_) = keys_checks(state, PepperKeeping.TPM)
    assert found.status is CheckStatus.FAIL
    assert "signing key" in found.detail
    assert "backup restore" in found.detail
    SigningKey.from_seed(bytes(32)).save(state / "keys" / "box_signing.pem")
    (found, *_) = keys_checks(state, PepperKeeping.TPM)
    assert "no list of recipients" in found.detail


def test_what_lies_ready_for_a_gateway_that_does_not_run(tmp_path: Path) -> None:
    """In whichever store systemd looks; whoever may not look is told that, and not the worst."""
    etc, run = tmp_path / "etc", tmp_path / "run"
    etc.mkdir()
    kept = sealed_pepper((etc, run))
    assert kept is PepperKeeping.FILE
    found = pepper_of_a_stopped_gateway(kept)
    assert (found.status, "lies in a plain file" in found.detail) == (CheckStatus.WARN, True)

    (etc / "hallvakt-pepper-without-tpm").touch()
    kept = sealed_pepper((etc, run))
    assert kept is PepperKeeping.HOST
    assert "no TPM" in pepper_of_a_stopped_gateway(kept).detail

    run.mkdir()
    (run / "hallvakt-pepper").touch()
    kept = sealed_pepper((etc, run))
    assert kept is PepperKeeping.TPM
    found = pepper_of_a_stopped_gateway(kept)
    assert (found.status, "sealed by this machine's TPM" in found.detail) == (CheckStatus.OK, True)

    hidden = tmp_path / "hidden"
    hidden.symlink_to(hidden)  # as little to be looked into as root's directory is for others
    kept = sealed_pepper((hidden,))
    assert kept is None
    found = pepper_of_a_stopped_gateway(kept)
    assert (found.status, "plain file" in found.detail) == (CheckStatus.WARN, False)
    assert "as root" in found.advice


def test_a_state_directory_that_others_may_look_into(state: Path) -> None:
    state.chmod(0o750)
    (found,) = files_check(state)
    assert (found.status, "(mode 750)" in found.detail) == (CheckStatus.FAIL, True)
    assert f"chmod 700 {state}" in found.advice


@pytest.mark.parametrize(
    ("setting", "kind", "said"),
    [
        ("relay.port", socket.SOCK_DGRAM, "UDP"),
        ("relay.port", socket.SOCK_STREAM, "TCP"),
        ("relay.tls_port", socket.SOCK_STREAM, "TCP"),
        ("web.port", socket.SOCK_STREAM, "TCP"),
    ],
)
def test_a_port_that_another_program_has_is_named(
    setting: str, kind: socket.SocketKind, said: str
) -> None:
    ports = {name: free_port() for name in ("web.port", "relay.port", "relay.tls_port")}
    config = BoxConfig(
        box_id=BoxId("0" * 32),
        web=WebConfig(host="127.0.0.1", port=ports["web.port"]),
        relay=RelayConfig(
            listen_host="127.0.0.1", port=ports["relay.port"], tls_port=ports["relay.tls_port"]
        ),
    )
    assert ports_check(config, None)[0].status is CheckStatus.OK
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", ports[setting]))
        if kind == socket.SOCK_STREAM:
            other.listen()
        (found,) = ports_check(config, None)
        assert found.status is CheckStatus.FAIL
        assert f"{said} port {ports[setting]}, which {setting} in" in found.detail
        assert f":{ports[setting]}" in found.advice
        # With a gateway that runs, its own port is its own; with an exam, so are the relay's.
        running = ports_check(config, 0)[0].status
        assert running is (CheckStatus.OK if setting == "web.port" else CheckStatus.FAIL)
        assert ports_check(config, 1)[0].status is CheckStatus.OK
