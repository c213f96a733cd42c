"""`hallvakt user rescue`: a lead invigilator who lost passphrase and second factor is let in again
by the school's root key, and by nothing else."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from pathlib import Path

import pyotp
import pytest

from appliance.adapters.crypto.passphrases import PassphraseHashes
from appliance.adapters.crypto.private_keys import PrivateKey, encode_private_key
from appliance.adapters.store.stores import open_stores
from appliance.cli.main import run
from appliance.core.audit import verify
from tests.support.box import LEAD, RealBox

_ROOT, _NEW = "rotens lösenfras", "en helt ny lösenfras"


@pytest.fixture
def box(tmp_path: Path) -> RealBox:
    box = RealBox(state=tmp_path / "box", port=8443)  # it is never started
    box.make()
    return box


def _rescue(box: RealBox, name: str, root: PrivateKey, tmp_path: Path, new: str = _NEW) -> int:
    file = tmp_path / "root.key"
    file.write_bytes(encode_private_key(root, _ROOT, memory_kib=8192, passes=1))
    words = ["user", "rescue", name, "--root", str(file), "--state", str(box.state), "--json"]
    fds = []
    for option, secret in (("--passphrase-fd", _ROOT), ("--new-passphrase-fd", new)):
        reading, writing = os.pipe()
        os.write(writing, f"{secret}\n".encode())
        os.close(writing)
        words += [option, str(reading)]
        fds.append(reading)
    try:
        return run(words)
    finally:
        for fd in fds:
            os.close(fd)


async def _seen(box: RealBox) -> tuple[str, str | None, list[str]]:
    """The lead's passphrase hash and second factor, and what the audit log says last."""
    stores = await asyncio.to_thread(open_stores, box.state)
    try:
        (lead,) = await stores.users.all()
        entries = await stores.audit.entries()
        verify(entries)
        return lead.passphrase_hash, lead.totp_secret, [entry.action for entry in entries][-2:]
    finally:
        await stores.close()


def test_the_schools_root_key_lets_a_lead_in_again(
    box: RealBox, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = asyncio.run(_seen(box))

    def refused(name: str, root: PrivateKey, code: int, said: str, new: str = _NEW) -> None:
        assert _rescue(box, name, root, tmp_path, new) == code
        told = capsys.readouterr()
        assert (told.out, said in told.err) == ("", True), told.err
        assert asyncio.run(_seen(box)) == before

    root = box.school["root"]
    refused(LEAD, PrivateKey.generate("root", "another"), 4, "another school root")
    refused(LEAD, box.school["reviewer"], 2, "not a school root key")
    refused("bo", root, 2, f"No lead invigilator is called bo here, but {LEAD}.")
    refused(LEAD, root, 2, "at least 10 characters", "kort")
    with (box.state / "run" / "gateway.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a gateway does
        refused(LEAD, root, 4, "The box is running: stop it first.")

    assert _rescue(box, LEAD.upper(), root, tmp_path) == 0
    told = json.loads(capsys.readouterr().out)
    kept, secret, said = asyncio.run(_seen(box))
    assert PassphraseHashes().verify(kept, _NEW)
    assert (told["name"], told["totp_secret"]) == (LEAD, secret)
    assert isinstance(pyotp.parse_uri(told["totp_uri"]), pyotp.TOTP)
    assert said == ["user-rescue", "user-reset-second-factor"]


def test_a_box_that_knows_no_school_root_is_told_to_be_made_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box = RealBox(state=tmp_path / "box", port=8443)
    box.make(recipients=False)
    assert _rescue(box, LEAD, PrivateKey.generate("root", "any"), tmp_path) == 4
    assert "hallvakt first-boot" in capsys.readouterr().err
