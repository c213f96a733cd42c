"""A host counts as one in the EU/EEA when box.toml names it and the school root signed it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.recipients import install_recipients, sign_recipients
from appliance.adapters.crypto.trusted_hosts import (
    install_trusted_hosts,
    load_trusted_hosts,
    sign_trusted_hosts,
)
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.errors import BadInput, IntegrityFailure, NotAllowed, Refused
from appliance.core.ids import BoxId
from appliance.processes.trusted_hosts import load_box

HOST = "objects.example.se"
ROOT = PrivateKey.generate("root", "School")


def _signed(version: int, *hosts: str, root: PrivateKey = ROOT) -> bytes:
    return sign_trusted_hosts(root.for_signing(), version, hosts)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A box of the school whose file trusts `HOST`."""
    (tmp_path / "keys").mkdir()
    reviewer = PrivateKey.generate("reviewer", "Board").public()
    listed = sign_recipients(ROOT.for_signing(), 1, [reviewer])
    install_recipients(tmp_path / "keys", listed, root=ROOT.public())
    cloud = CloudConfig(trusted_locations=(HOST,))
    box.write(tmp_path, BoxConfig(box_id=BoxId("b" * 32), cloud=cloud))
    return tmp_path


def test_a_host_that_nobody_signed_for_is_refused(state: Path) -> None:
    with pytest.raises(Refused, match="keys hosts sign") as refused:
        load_box(state)
    assert refused.value.code == "residency"


def test_one_that_the_root_signed_counts_until_a_newer_list_leaves_it_out(state: Path) -> None:
    install_trusted_hosts(state / "keys", _signed(1, HOST))
    assert load_box(state).cloud.trusted_locations == (HOST,)
    install_trusted_hosts(state / "keys", _signed(2))
    with pytest.raises(Refused):
        load_box(state)
    with pytest.raises(NotAllowed, match="version 1"):
        install_trusted_hosts(state / "keys", _signed(1, HOST))
    assert load_trusted_hosts(state / "keys").version == 2


def test_another_root_s_list_and_a_changed_one_are_refused(state: Path) -> None:
    other = PrivateKey.generate("root", "Elsewhere")
    with pytest.raises(NotAllowed, match="another school"):
        install_trusted_hosts(state / "keys", _signed(1, HOST, root=other))
    with pytest.raises(IntegrityFailure):
        install_trusted_hosts(state / "keys", _signed(1, HOST).replace(b"trusted", b"Trusted"))
    # Put there by hand, past the command:
    (state / "keys" / "trusted_hosts.json").write_bytes(_signed(1, HOST, root=other))
    with pytest.raises(NotAllowed):
        load_box(state)


def test_a_list_of_recipients_is_no_list_of_hosts(state: Path) -> None:
    with pytest.raises(IntegrityFailure):
        install_trusted_hosts(state / "keys", (state / "keys" / "recipients.json").read_bytes())


def test_a_box_without_a_root_takes_no_list_and_one_without_such_hosts_needs_none(
    state: Path, tmp_path: Path
) -> None:
    (state / "keys" / "root.pub").unlink()
    with pytest.raises(NotAllowed, match="no school root"):
        install_trusted_hosts(state / "keys", _signed(1, HOST))
    box.write(state, replace(box.load(state), cloud=CloudConfig()))
    assert load_box(state).cloud.trusted_locations == ()


@pytest.mark.parametrize("host", ["", "Objects.se", "https://objects.se", "a b", "-a.se"])
def test_only_names_of_hosts_are_signed(host: str) -> None:
    with pytest.raises(BadInput):
        _signed(1, host)
