"""As test_cuts.py, on a mounted directory: the sending process kills itself at a byte of its own,
over and over: once in its first large pack, then where more than a chunk has gone. Of what went in
each life, counted as the line counts, all but one chunk stands in the archive when the next one
begins; and the last one sends no more than what does not."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from pathlib import Path

from appliance.adapters.cloud.names import is_name
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import open_stores
from appliance.adapters.store.uploads import UploadRows
from appliance.config.box import CloudConfig
from appliance.core.pack_journal import PackState
from appliance.core.transfer import CHUNK_BYTES
from appliance.processes.cloud_ends import as_eraser, cloud_ends
from appliance.processes.syncer import syncer
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.killed_night import killed_itself

_KILLS = 3
_IN_THE_FIRST_LARGE_PACK = 3_500_000
_MANIFESTS = 40_000  # of all packs together


async def test_killed_over_and_over(state: Path, cloud_config: CloudConfig, tmp_path: Path) -> None:
    archive, key = tmp_path / "archive", tmp_path / "signing.pem"
    await asyncio.to_thread(archive.mkdir)
    config = replace(cloud_config, objects="directory", directory=archive)
    made = await closed_exam(state, config, candidates=2, snippets=5, bulk=3_500_000)
    await asyncio.to_thread(made.signing_key.save, key)
    where = random.Random(6)
    kept = 0
    for kill in range(_KILLS):
        target = where.randrange(12_000_000, 14_000_000) if kill else _IN_THE_FIRST_LARGE_PACK
        sent = await killed_itself(made.state, key, target)
        before, kept = kept, sum(await asyncio.to_thread(_packs, archive))
        assert sent - (kept - before) <= CHUNK_BYTES + _MANIFESTS, f"kill {kill}"
        left = await asyncio.to_thread(_partial, archive)
        assert sum(left) <= CHUNK_BYTES
        if kill == 0:
            assert sum(left) > 1_000_000
            await _erased(made, as_eraser(config))
            assert await asyncio.to_thread(_partial, archive) == []
    last: list[int] = []
    async with syncer(state, signer=made.signer) as night:
        await night.run(lambda sent, total: None, on_sent=last.append)
        packs = await Packs(night.stores.box).packs(made.exam_id)
        assert all(pack.state is PackState.CONFIRMED for pack in packs)
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
    assert max(pack.size for pack in packs) <= CHUNK_BYTES
    stored = {path.name for path in (archive / "packs").iterdir()}
    assert stored == {pack.name for pack in packs}  # no partial file either
    assert kept < sum(pack.size for pack in packs)  # there was something left to do
    assert sum(last) <= sum(pack.size for pack in packs) - kept + _MANIFESTS


async def _erased(made: ClosedExam, eraser: CloudConfig) -> None:
    """What erasure and the end of retention do with packs that never arrived."""
    stores = await asyncio.to_thread(open_stores, made.state)
    try:
        async with cloud_ends(eraser, uploads=UploadRows(stores.box)) as ends:
            for pack in await Packs(stores.box).packs(made.exam_id):
                if pack.state is PackState.PLANNED:
                    await ends.objects.delete(f"packs/{pack.name}")
    finally:
        await stores.close()


def _packs(archive: Path) -> list[int]:
    """Sizes of those that are whole."""
    names = (archive / "packs").glob("*")
    return [path.stat().st_size for path in names if is_name(f"packs/{path.name}")]


def _partial(archive: Path) -> list[int]:
    """Sizes of the files that are no objects."""
    return [
        path.stat().st_size
        for path in archive.rglob("*")
        if path.is_file() and not is_name(f"{path.parent.name}/{path.name}")
    ]
