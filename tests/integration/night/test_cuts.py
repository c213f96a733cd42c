"""The sending process is killed when so many bytes more have arrived at the store, drawn for each
life: within a pack, just over one chunk, and where one and a half chunks have gone, for a life that
sends less than a chunk could not lose more. Nothing is lost, nothing is there twice, and of each
life no more than a chunk goes again: counted byte by byte at the strict store, and in front of a
real S3 one (tests/support/sent_again.py). Where the night stands still, before its first byte and
between two calls, it is not killed here; there tests/integration/faults/test_uplink_cuts.py cuts
its line.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
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
from tests.support.sent_again import SentAgain, objects_of
from tests.support.strict_gcs import StrictGcs
from tests.support.tap import Tap

_LATER_BYTES = re.compile(r"bytes [1-9]\d*-")
_HEADS = 1_000  # of a multipart request
# Slower than packs are read and sealed: several that were begun are then under way together.
_BYTE_S = 40e6
_PIECES = 4  # of 64 KiB, as a line holds
_SHORT = (0, 2_500_000)
_OVER_A_CHUNK = (CHUNK_BYTES + 50_000, CHUNK_BYTES + 400_000)
_LONG = (9_000_000, 15_000_000)
_SNIPPET = 3_500_000  # bytes
# Of a candidate, in one pack: 14 MB, which goes by a session, or 7 MB, which goes in one request.
_LARGE, _SMALL = 4, 2


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


class _Store(Protocol):
    """What counts the bytes on their way to the store, and tells of them."""

    watch: Callable[[int], None]
    again: SentAgain

    @property
    def sent_bytes(self) -> int: ...


async def _killed_over_and_over(
    made: ClosedExam, store: _Store, tmp_path: Path, *, lives: Sequence[tuple[int, int]]
) -> set[str]:
    """Each of `lives` ends after so many bytes, from one figure to the other. Names of the packs,
    which are all confirmed."""
    key = tmp_path / "signing.pem"
    await asyncio.to_thread(made.signing_key.save, key)
    where = random.Random(6)
    for life, bounds in enumerate(lives):
        store.again.life = life
        child = await begun(made.state, key)
        store.watch = kill_at(child, store.sent_bytes + where.randrange(*bounds))
        assert await killed(child)
        store.watch = lambda total: None
    sent_before, store.again.life = store.sent_bytes, len(lives)
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
    cost = store.again.cost
    assert {life: count for life, count in cost.items() if count > CHUNK_BYTES + _HEADS} == {}
    assert len(lives) not in cost  # the last one was not killed
    return {f"packs/{pack.name}" for pack in packs}


def _created_once(strict: StrictGcs, packs: set[str]) -> None:
    assert {name for name in strict.objects if name.startswith("packs/")} == packs
    assert len(strict.created) == len(set(strict.created))


async def _by_sessions(
    state: Path,
    strict: StrictGcs,
    config: CloudConfig,
    tmp_path: Path,
    *,
    candidates: int,
    lives: Sequence[tuple[int, int]],
) -> None:
    config = replace(config, endpoint=strict.endpoint, bucket=strict.bucket)
    made = await closed_exam(state, config, candidates=candidates, snippets=_LARGE, bulk=_SNIPPET)
    packs = await _killed_over_and_over(made, strict, tmp_path, lives=lives)
    went_on = [r for r in strict.seen if _LATER_BYTES.match(r.headers.get("Content-Range", ""))]
    assert went_on  # what the journal of uploads knew outlived a process
    _created_once(strict, packs)


async def test_killed_ten_times_on_gcs_in_sessions(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    lives = (_OVER_A_CHUNK, _LONG, *[_SHORT] * 6, _OVER_A_CHUNK, _LONG)
    await _by_sessions(state, strict, cloud_config, tmp_path, candidates=9, lives=lives)


async def test_killed_three_times_on_gcs_in_single_requests(
    state: Path, strict: StrictGcs, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    async with Tap("127.0.0.1", strict.port, byte_s=_BYTE_S, pieces=_PIECES) as tap:
        config = replace(cloud_config, endpoint=tap.url, bucket=strict.bucket)
        made = await closed_exam(state, config, candidates=6, snippets=_SMALL, bulk=_SNIPPET)
        lives = (_OVER_A_CHUNK, _SHORT, _LONG)
        packs = await _killed_over_and_over(made, strict, tmp_path, lives=lives)
    _created_once(strict, packs)


async def test_killed_four_times_on_s3(
    state: Path, seaweed: SeaweedFS, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    before = await _packs_on(seaweed)
    async with Tap("127.0.0.1", seaweed.port, byte_s=_BYTE_S, pieces=_PIECES) as tap:
        config = seaweed.config(cloud_config, tmp_path, tap.url)
        tap.readers = objects_of(tap.again)
        made = await closed_exam(state, config, candidates=7, snippets=_SMALL, bulk=_SNIPPET)
        lives = (_OVER_A_CHUNK, _LONG, _SHORT, _LONG)
        packs = await _killed_over_and_over(made, tap, tmp_path, lives=lives)
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
    lives = [_LONG, *[_SHORT] * 6, _OVER_A_CHUNK] * 25
    # A kill lets a chunk at most arrive that was on its way: there must be more than that for each.
    await _by_sessions(state, strict, cloud_config, tmp_path, candidates=180, lives=lives)


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
