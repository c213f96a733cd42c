"""The sending process is killed again and again, wherever it is: nothing is lost, nothing is there
twice, and a kill costs at most one chunk. Counted at the strict store."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.store.packs import Packs
from appliance.adapters.store.uploads import UploadRows
from appliance.config.box import CloudConfig
from appliance.core.pack_journal import PackState
from appliance.core.transfer import CHUNK_BYTES
from appliance.processes.syncer import syncer
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.strict_gcs import StrictGcs

_CHILD = """
import asyncio, sys
from pathlib import Path
from appliance.adapters.crypto.signing import SigningKey
from appliance.processes.syncer import syncer
from tests.support.closed_exam import LocalSigner

async def main():
    signer = LocalSigner(SigningKey.load(Path(sys.argv[2])))
    async with syncer(Path(sys.argv[1]), signer=signer) as night:
        await night.run(lambda sent, total: None)

asyncio.run(main())
"""
_FRAMING = 20_000  # multipart heads and manifests, of all packs together


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


async def _child(made: ClosedExam, key: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", _CHILD, str(made.state), str(key), stderr=asyncio.subprocess.DEVNULL
    )


def _once(pid: int, target: int) -> Callable[[int], None]:
    """Kill when so many bytes have arrived; one signal, for a second one could meet another."""
    left = [pid]

    def look(total: int) -> None:
        if total >= target and left:
            os.kill(left.pop(), signal.SIGKILL)

    return look


async def _killed_over_and_over(
    made: ClosedExam, strict: StrictGcs, tmp_path: Path, *, kills: int, step: int
) -> None:
    key = tmp_path / "signing.pem"
    await asyncio.to_thread(made.signing_key.save, key)
    where = random.Random(6)
    for _ in range(kills):
        child = await _child(made, key)
        strict.watch = _once(child.pid, strict.body_bytes + where.randrange(step))
        assert await child.wait() == -signal.SIGKILL
        strict.watch = lambda total: None
    sent_before = strict.body_bytes
    async with syncer(made.state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)
        packs = await Packs(night.stores.box).packs(made.exam_id)
        assert all(pack.state is PackState.CONFIRMED for pack in packs)
        for pack in packs:  # nothing that was begun is left over
            assert await UploadRows(night.stores.box).find(f"packs/{pack.name}") is None
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
    assert sent_before < strict.body_bytes  # there was something left to do
    stored = {name for name in strict.objects if name.startswith("packs/")}
    assert stored == {f"packs/{pack.name}" for pack in packs}
    assert len(strict.created) == len(set(strict.created))
    assert sorted(o.name for pack in packs for o in pack.objects) == sorted(made.names)
    again = strict.body_bytes - sum(pack.size for pack in packs)
    assert again <= kills * CHUNK_BYTES + _FRAMING


async def test_killed_ten_times(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    config = replace(cloud_config, endpoint=strict.endpoint, bucket=strict.bucket)
    made = await closed_exam(state, config, candidates=2, snippets=8, bulk=3_500_000)
    await _killed_over_and_over(made, strict, tmp_path, kills=10, step=4_000_000)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_killed_two_hundred_times(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    config = replace(cloud_config, endpoint=strict.endpoint, bucket=strict.bucket)
    made = await closed_exam(state, config, candidates=10, snippets=12, bulk=3_500_000)
    await _killed_over_and_over(made, strict, tmp_path, kills=200, step=3_000_000)


async def test_the_line_falls_again_and_again(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig
) -> None:
    """Every kind of trouble the strict store knows, in one night without a kill."""
    config = replace(cloud_config, endpoint=strict.endpoint, bucket=strict.bucket)
    made = await closed_exam(state, config, candidates=1, snippets=5, bulk=3_500_000)
    strict.faults = [("cut", 700_000), "lost", 503, ("cut", 3_000_000), "lost"]
    async with syncer(state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
    assert strict.faults == []
    assert len(strict.created) == len(set(strict.created))
