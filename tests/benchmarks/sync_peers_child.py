"""Hallvakt's side of the comparison, a process of its own: read files, seal them, send, prove.

    python -m tests.benchmarks.sync_peers_child STATE FILES CLOUD_TOML

What the peers do in one command a box does in two: media are sealed when they arrive, and sent at
night. Both are counted here. Started again after a kill it goes on with what is sealed already.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import sys
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.store.stores import open_stores
from appliance.config import box
from appliance.config.box import BoxConfig
from appliance.config.cloud_file import load_cloud_file
from appliance.config.night import NightConfig
from appliance.core.ids import BoxId, ObjectName
from appliance.core.keys import KEY_BYTES
from appliance.core.night_window import Window
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject
from appliance.processes.syncer import syncer
from appliance.services.signing import Signed
from tests.support.bare_exam import add_bare_exam, new_id

ATTEMPTS = 4


class Signer:
    def __init__(self, path: Path) -> None:
        self._key = SigningKey.load(path)

    async def sign(self, purpose: str, payload: bytes) -> Signed:
        signature = self._key.sign(purpose, payload)
        return Signed(signature=signature, public_key=self._key.public_bytes)


async def seal(state: Path, files: list[Path], cloud: Path, cap_mbit_s: float) -> None:
    """A closed exam whose objects are `files`, shared out among a few attempts that come side by
    side, as candidates do."""
    for name in ("db", "run", "keys"):
        (state / name).mkdir(parents=True, exist_ok=True)
    SigningKey.generate().save(state / "keys" / "box_signing.pem")
    box_id = BoxId(new_id())
    window = Window(opens="00:00", closes="00:00", cap_mbit_s=cap_mbit_s or None)
    config = BoxConfig(
        box_id=box_id, cloud=load_cloud_file(cloud).cloud, night=NightConfig(window=(window,))
    )
    stores = open_stores(state)
    box.write(state, config)
    blobs = DirectoryBlobs(state / "blobs")
    bare = await add_bare_exam(stores, ATTEMPTS)
    attempts = [(attempt, secrets.token_bytes(KEY_BYTES)) for attempt in bare.attempts]
    waiting = iter(enumerate(files, start=1))

    async def arrive() -> None:
        for sequence, path in waiting:
            await keep(sequence, path)

    async def keep(sequence: int, path: Path) -> None:
        attempt, key = attempts[sequence % ATTEMPTS]
        header = ObjectHeader(
            kind=ObjectKind.SNIPPET,
            box_id=box_id,
            exam_id=bare.exam,
            attempt_id=attempt,
            sequence=sequence,
            epoch=1,
        )
        content = await asyncio.to_thread(path.read_bytes)
        sealed = ObjectSealing().seal(key, header, content)
        stored = StoredObject(
            name=ObjectName(new_id()),
            header=header,
            size=len(sealed),
            sha256=hashlib.sha256(sealed).hexdigest(),
            stored_ms=1,
        )
        await blobs.put(stored.name, sealed)
        await stores.snippets.add_object(stored)

    await asyncio.gather(*(arrive() for _ in range(ATTEMPTS)))
    await stores.close()
    (state / "sealed").touch()


async def main(state: Path, files: list[Path], cloud: Path, cap_mbit_s: float) -> None:
    if not (state / "sealed").exists():
        await seal(state, files, cloud, cap_mbit_s)
    async with syncer(state, signer=Signer(state / "keys" / "box_signing.pem")) as night:
        report = await night.run(lambda sent, total: None)
    print(report.packs, report.bytes)


if __name__ == "__main__":
    state, files, cloud = map(Path, sys.argv[1:4])
    asyncio.run(main(state, sorted(files.iterdir()), cloud, float(sys.argv[4])))
