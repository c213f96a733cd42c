"""The public half of the box's signing key, which the night reads in the place of the whole."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.adapters.crypto.signing import SigningKey
from appliance.core.errors import WrongConfiguration
from appliance.processes.own_signature import own_public_keys, signing_key


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "keys").mkdir()
    return tmp_path


def test_the_gateway_writes_it_and_mends_it(state: Path) -> None:
    private = state / "keys" / "box_signing.pem"
    assert own_public_keys(state) == set()
    key = SigningKey.generate()
    key.save(private)
    assert own_public_keys(state) == {key.public_bytes}  # of a box that was not started since
    assert signing_key(state).public_bytes == key.public_bytes
    private.unlink()
    assert own_public_keys(state) == {key.public_bytes}
    other = SigningKey.generate()
    other.save(private)  # the keys of a backup
    signing_key(state)
    assert own_public_keys(state) == {other.public_bytes}


@pytest.mark.parametrize("content", ["", "00" * 31, "no digits"])
def test_a_damaged_half_is_no_half(state: Path, content: str) -> None:
    SigningKey.generate().save(state / "keys" / "box_signing.pem")
    (state / "keys" / "box_signing.pub").write_text(content)
    with pytest.raises(WrongConfiguration, match="start the box again"):
        own_public_keys(state)


async def test_a_disk_that_does_not_take_it_stops_nobody(state: Path) -> None:
    key = SigningKey.generate()
    await asyncio.to_thread(key.save, state / "keys" / "box_signing.pem")
    await asyncio.to_thread((state / "keys" / "box_signing.pub").mkdir)  # in its place
    assert (await asyncio.to_thread(signing_key, state)).public_bytes == key.public_bytes
