"""A box with a real key ceremony and a real cloud, and what is left when it burns."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from appliance.adapters.crypto import shares
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.recipients import install_recipients, sign_recipients
from appliance.adapters.store.database import Database
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.ids import BoxId
from appliance.core.keys import RecipientKind
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.closed_exam import ClosedExam, closed_exam, new_id, new_reviewer
from tests.support.cloud_servers import cloud, database, driver_may_look_around

__all__ = ["cloud", "database", "driver_may_look_around"]


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """`shares` are five files, any three of which are the recovery key."""

    made: ClosedExam
    cloud: CloudConfig
    shares: tuple[Path, ...]

    def words(self, *numbers: int) -> list[str]:
        return [word for n in numbers for word in ("--share", str(self.shares[n]))]


@pytest.fixture
async def school(cloud: CloudServers, database: str, tmp_path: Path) -> School:
    """Its exam was sent last night."""
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    recovery = PrivateKey.generate(RecipientKind.RECOVERY.value, "recovery")
    files = await asyncio.to_thread(_shares, tmp_path, recovery)
    made = await closed_exam(tmp_path / "box", config, colleague=recovery)
    await asyncio.to_thread(ceremony, made, recovery)
    async with syncer(made.state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)
    return School(made=made, cloud=config, shares=files)


def _shares(directory: Path, key: PrivateKey) -> tuple[Path, ...]:
    files = []
    for number, words in enumerate(shares.split(key.seed)):
        files.append(directory / f"share-{number}.txt")
        files[-1].write_text(words)
    return tuple(files)


def ceremony(made: ClosedExam, recovery: PrivateKey) -> None:
    """What a box's `keys` directory holds: its own key and the school's signed list."""
    keys = made.state / "keys"
    if not (keys / "box_signing.pem").exists():
        made.signing_key.save(keys / "box_signing.pem")
    root = PrivateKey.generate("root", "school root")
    signed = sign_recipients(root.for_signing(), 1, [new_reviewer().public(), recovery.public()])
    install_recipients(keys, signed, root=root.public())


def new_box(state: Path, cloud: CloudConfig) -> BoxId:
    """A bare one, with the same cloud."""
    for name in ("db", "run", "keys"):
        (state / name).mkdir(parents=True)
    config = replace(BoxConfig(box_id=BoxId(new_id())), cloud=cloud)
    for name in ("audit", "identities", "box"):
        Database(state / "db" / f"{name}.db", migrations=name).close_blocking()
    box.write(state, config)
    return config.box_id
