"""A restore that was killed is begun anew by the same command; a box that is there stays."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.config.box import CloudConfig
from appliance.core.errors import Refused
from appliance.core.keys import RecipientKind
from appliance.processes import backup
from tests.integration.backup.conftest import ceremony
from tests.support.closed_exam import closed_exam


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
