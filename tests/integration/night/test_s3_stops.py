"""On S3 a pack is one request: a stop or a cut in mid-pack costs one chunk and no more, though the
next one may have begun while the store thought about the last."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from appliance.config.box import CloudConfig
from appliance.core.pack_journal import PackState
from appliance.core.transfer import CHUNK_BYTES
from appliance.processes.syncer import Syncer, syncer
from appliance.services.sync import SyncReport
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.object_servers import BUCKET, REGION, SeaweedFS
from tests.support.tap import Tap

_STOPS = (6_000_000, 11_000_000)  # bytes of each run, both within a pack of 7 MB
_HEADS = 100_000  # of requests, manifests and questions of all runs together


def _once(run: asyncio.Future[SyncReport], target: int) -> Callable[[int], None]:
    """Stop when so many bytes have gone; once, for a second time would stop the tidying up."""
    left = [run]

    def look(total: int) -> None:
        if total >= target and left:
            left.pop().cancel()

    return look


async def _through(tap: Tap, state: Path, config: CloudConfig, credentials: Path) -> ClosedExam:
    config = replace(
        config,
        objects="s3",
        endpoint=tap.url,
        bucket=BUCKET,
        region=REGION,
        credentials_file=credentials,
    )
    return await closed_exam(state, config, candidates=2, snippets=4, bulk=3_500_000)


async def _all_there(night: Syncer, made: ClosedExam, tap: Tap, *, troubles: int) -> None:
    heads, sent = await night.journal.heads(made.exam_id), tap.sent_bytes
    (verified,) = await night.verify()
    assert verified.objects == len(made.plain)
    assert {head.state for head in heads} == {PackState.CONFIRMED}
    again = sent - sum(head.size for head in heads)
    assert again <= troubles * CHUNK_BYTES + _HEADS


async def test_a_stop_costs_at_most_one_chunk(
    state: Path, cloud_config: CloudConfig, seaweed: SeaweedFS, tmp_path: Path
) -> None:
    credentials = await asyncio.to_thread(seaweed.write_credentials, tmp_path / "s3")
    async with Tap("127.0.0.1", seaweed.port) as tap:
        made = await _through(tap, state, cloud_config, credentials)
        for count in _STOPS:
            async with syncer(state, signer=made.signer) as night:
                run = asyncio.ensure_future(night.run(lambda sent, total: None))
                tap.watch = _once(run, tap.sent_bytes + count)
                with contextlib.suppress(asyncio.CancelledError):
                    await run
                assert run.cancelled()
            tap.watch = lambda total: None
        async with syncer(state, signer=made.signer) as night:
            await night.run(lambda sent, total: None)
            await _all_there(night, made, tap, troubles=len(_STOPS))


async def test_a_cut_line_costs_at_most_one_chunk(
    state: Path, cloud_config: CloudConfig, seaweed: SeaweedFS, tmp_path: Path
) -> None:
    """All connections at once, at the end of a pack: the next one may just have begun."""
    credentials = await asyncio.to_thread(seaweed.write_credentials, tmp_path / "s3")
    async with Tap("127.0.0.1", seaweed.port) as tap:
        made = await _through(tap, state, cloud_config, credentials)
        tap.cut_after(2 * 3_500_000 + 300_000)
        async with syncer(state, signer=made.signer) as night:
            await night.run(lambda sent, total: None)
            await _all_there(night, made, tap, troubles=1)
