"""A restore that was killed is begun anew by the same command; a box that is there stays, and so
does all that is none of a box's."""

from __future__ import annotations

import asyncio
import tarfile
from pathlib import Path

import pytest

from appliance.adapters.crypto.backups import SealedWriter
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.recipients import (
    install_recipients,
    load_recipients,
    sign_recipients,
)
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, Refused
from appliance.core.ids import BoxId
from appliance.core.keys import RecipientKind
from appliance.processes import backup
from tests.integration.backup.conftest import ceremony
from tests.support.closed_exam import closed_exam, new_reviewer


def test_what_a_killed_one_left_gives_way(tmp_path: Path) -> None:
    recovery = PrivateKey.generate(RecipientKind.RECOVERY.value, "recovery")
    made = asyncio.run(
        closed_exam(tmp_path / "box", CloudConfig(objects="none"), colleague=recovery)
    )
    ceremony(made, recovery)
    file, state, key = tmp_path / "backup", tmp_path / "again", recovery.for_opening()
    backup.create(made.state, file)
    # In the middle of unpacking, and of putting what is unpacked into place.
    for left in (".restoring-x/archive.tar", "keys/old.pem", "db/box.db"):
        (state / left).parent.mkdir(parents=True, exist_ok=True)
        (state / left).write_text("half")
    backup.unpack(file, state, key)
    assert not (state / "keys" / "old.pem").exists()
    assert (state / "box.toml").read_bytes() == (made.state / "box.toml").read_bytes()
    assert [path.name for path in state.iterdir() if path.name.startswith(".")] == []
    # Without that mark it is somebody's, and so is what has a box.toml.
    (state / ".restoring-x").mkdir()
    with pytest.raises(Refused, match="not empty"):
        backup.unpack(file, state, key)
    (state / ".restoring-x").rmdir()
    (state / "box.toml").unlink()
    with pytest.raises(Refused, match="not empty"):
        backup.unpack(file, state, key)
    assert (state / "db" / "box.db").exists()


@pytest.mark.parametrize("name", ["../taken", "keys/../../taken", "/taken", "blobs/x", "keys"])
def test_what_no_box_writes_is_put_nowhere(tmp_path: Path, name: str) -> None:
    """Anybody who has the public key could seal such a file."""
    recovery = PrivateKey.generate(RecipientKind.RECOVERY.value, "recovery")
    root, file, state = PrivateKey.generate("root", "root"), tmp_path / "backup", tmp_path / "again"
    listed = sign_recipients(root.for_signing(), 1, [new_reviewer().public(), recovery.public()])
    (tmp_path / "keys").mkdir()
    install_recipients(tmp_path / "keys", listed, root=root.public())
    recipients = load_recipients(tmp_path / "keys").recipients
    with file.open("w+b") as out:
        writer = SealedWriter(out, BoxId("0" * 32), recipients, 0)
        with tarfile.open(fileobj=writer, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if name == "keys" else tarfile.REGTYPE
            tar.addfile(member)
        writer.finish()
    with pytest.raises(IntegrityFailure, match="what no box writes"):
        backup.unpack(file, state, recovery.for_opening())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "keys"]
