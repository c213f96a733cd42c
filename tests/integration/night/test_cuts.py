"""The sending process is killed when so many bytes more have arrived at the store, drawn for each
life out of 2.5 MB (3 in the soak), which is mostly within a pack: nothing is lost, nothing is there
twice. Counted at the strict store, and before a real S3 one. Where the night stands still, before
its first byte and between two calls, it is not killed here; there
tests/integration/faults/test_uplink_cuts.py cuts its line.

On the strict store an upload goes on in the next process from where it was. On S3 lives this short
lose less than a chunk whatever is under way: that no more than one chunk is at stake is held by
tests/unit/night/test_paced_line.py::test_what_a_cut_would_cost_is_bounded_for_all_together.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

from appliance.adapters.cloud.s3 import S3Objects
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.uploads import UploadRows
from appliance.config.box import CloudConfig
from appliance.core.pack_journal import PackState
from appliance.core.transfer import CHUNK_BYTES
from appliance.processes.syncer import syncer
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.killed_night import begun, kill_at, killed
from tests.support.object_servers import BUCKET, REGION, WRITER, SeaweedFS
from tests.support.strict_gcs import StrictGcs
from tests.support.tap import Tap

_FRAMING = 20_000  # multipart heads and manifests, of all packs together
# Of 56 MB: what is on its way when the signal comes, a chunk at most, arrives all the same.
_STEP = 2_500_000
_LATER_BYTES = re.compile(r"bytes [1-9]\d*-")
_HEADS = 100_000  # on S3, where all that goes to the store is counted: of requests, and questions


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


class _Store(Protocol):
    """What counts the bytes on their way to the store, and tells of them."""

    watch: Callable[[int], None]

    @property
    def sent_bytes(self) -> int: ...


@dataclass(slots=True)
class _Strict:
    server: StrictGcs

    @property
    def sent_bytes(self) -> int:
        return self.server.body_bytes

    @property
    def watch(self) -> Callable[[int], None]:
        return self.server.watch

    @watch.setter
    def watch(self, told: Callable[[int], None]) -> None:
        self.server.watch = told


async def _killed_over_and_over(
    made: ClosedExam,
    store: _Store,
    tmp_path: Path,
    *,
    kills: int,
    step: int,
    heads: int,
) -> set[str]:
    """Names of the packs, which are all confirmed."""
    key = tmp_path / "signing.pem"
    await asyncio.to_thread(made.signing_key.save, key)
    where = random.Random(6)
    for _ in range(kills):
        child = await begun(made.state, key)
        store.watch = kill_at(child, store.sent_bytes + where.randrange(step))
        assert await killed(child)
        store.watch = lambda total: None
    sent_before = store.sent_bytes
    async with syncer(made.state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)
        packs = await Packs(night.stores.box).packs(made.exam_id)
        assert all(pack.state is PackState.CONFIRMED for pack in packs)
        for pack in packs:  # nothing that was begun is left over
            assert await UploadRows(night.stores.box).find(f"packs/{pack.name}") is None
        sent = store.sent_bytes
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
    assert sent_before < sent  # there was something left to do
    assert sorted(o.name for pack in packs for o in pack.objects) == sorted(made.names)
    again = sent - sum(pack.size for pack in packs)
    assert again <= kills * CHUNK_BYTES + heads
    return {f"packs/{pack.name}" for pack in packs}


async def _on_gcs(
    state: Path, strict: StrictGcs, config: CloudConfig, tmp_path: Path, *, kills: int, step: int
) -> None:
    config = replace(config, endpoint=strict.endpoint, bucket=strict.bucket)
    # A kill lets a chunk at most arrive that was on its way: there must be more than that for each.
    candidates, snippets = (2, 8) if kills < 10 else (20, 24)
    made = await closed_exam(
        state, config, candidates=candidates, snippets=snippets, bulk=3_500_000
    )
    packs = await _killed_over_and_over(
        made, _Strict(strict), tmp_path, kills=kills, step=step, heads=_FRAMING
    )
    went_on = [r for r in strict.seen if _LATER_BYTES.match(r.headers.get("Content-Range", ""))]
    assert went_on  # what the journal of uploads knew outlived a process
    assert {name for name in strict.objects if name.startswith("packs/")} == packs
    assert len(strict.created) == len(set(strict.created))


async def test_killed_five_times_on_gcs(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    await _on_gcs(state, strict, cloud_config, tmp_path, kills=5, step=_STEP)


async def test_killed_five_times_on_s3(
    state: Path, seaweed: SeaweedFS, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    before = await _packs_on(seaweed)
    async with Tap("127.0.0.1", seaweed.port) as tap:
        config = seaweed.config(cloud_config, tmp_path, tap.url)
        made = await closed_exam(state, config, candidates=2, snippets=8, bulk=3_500_000)
        packs = await _killed_over_and_over(made, tap, tmp_path, kills=5, step=_STEP, heads=_HEADS)
    assert await _packs_on(seaweed) - before == packs


async def _packs_on(seaweed: SeaweedFS) -> set[str]:
    store = S3Objects(BUCKET, region=REGION, account=WRITER, endpoint=seaweed.endpoint)
    try:
        return set(await store.list("packs/"))
    finally:
        await store.close()


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_killed_two_hundred_times(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    await _on_gcs(state, strict, cloud_config, tmp_path, kills=200, step=1_000_000)


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
