"""A line of 100 Mbit/s with 80 ms there and back is filled; the proxy is such a line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.config.box import CloudConfig
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId, ExamId
from appliance.core.settings import Features
from appliance.core.snippet import PriorityClass
from appliance.processes.syncer import syncer
from tests.support.closed_exam import closed_exam, exam_of, new_id
from tests.support.object_servers import BUCKET, REGION, SeaweedFS
from tests.support.strict_gcs import StrictGcs
from tests.support.tap import Tap

LINE_BYTE_S = 100e6 / 8
FILLED = 0.7  # of what a bare sender gets through at that moment


@pytest.fixture
async def strict() -> AsyncIterator[StrictGcs]:
    made = StrictGcs()
    await made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("store", ["gcs", "s3"])
async def test_a_fast_and_distant_line_is_filled(
    store: str,
    state: Path,
    strict: StrictGcs,
    seaweed: SeaweedFS,
    cloud_config: CloudConfig,
    tmp_path: Path,
) -> None:
    if store == "gcs":
        config, endpoint = replace(cloud_config, bucket=strict.bucket), strict.endpoint
    else:
        credentials = await asyncio.to_thread(seaweed.write_credentials, tmp_path / "s3")
        account = replace(cloud_config, objects="s3", region=REGION, credentials_file=credentials)
        config, endpoint = replace(account, bucket=BUCKET), seaweed.endpoint
    for number in range(3):  # the machine may be busier during a night than before and after it
        filled = await _filled(state / str(number), config, int(endpoint.rpartition(":")[2]))
        print(f"{store}: {filled:.0%} of a bare sender")
        if filled >= FILLED:
            break
    assert filled >= FILLED


async def _filled(state: Path, config: CloudConfig, port: int) -> float:
    """Share of what a bare sender gets through, by the night of a box made in `state`."""
    async with Tap("127.0.0.1", port, delay_s=0.040, byte_s=LINE_BYTE_S) as tap:
        config = replace(config, endpoint=tap.url)
        made = await closed_exam(state, config, candidates=2, snippets=7, bulk=3_500_000)
        before = await _bare(30_000_000)  # the machine may be busier then, or now
        moments: list[tuple[float, int]] = []
        tap.watch = lambda total: moments.append((time.monotonic(), total))
        async with syncer(state, signer=made.signer) as night:
            report = await night.run(lambda sent, total: None)
    # From the first large pack's beginning to the last one's end; what follows is proof.
    begun = next(at for at, total in moments if total > 0.05 * report.bytes)
    done = next(at for at, total in moments if total >= 0.95 * report.bytes)
    rate = 0.9 * report.bytes / (done - begun)
    return rate / min(before, await _bare(round(0.5 * report.bytes)))


async def _bare(size: int) -> float:
    """What this machine brings through such a proxy just now when it does nothing but send."""

    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(256 * 1024):
            pass
        writer.close()

    sink = await asyncio.start_server(swallow, "127.0.0.1", 0)
    port = sink.sockets[0].getsockname()[1]
    async with Tap("127.0.0.1", port, delay_s=0.040, byte_s=LINE_BYTE_S) as tap:
        reader, writer = await asyncio.open_connection("127.0.0.1", tap.port)
        started = time.monotonic()
        for _ in range(size // 65_536):
            writer.write(bytes(65_536))
            await writer.drain()
        writer.write_eof()
        await reader.read()
        took = time.monotonic() - started
        writer.close()
    sink.close()
    return size / took


async def test_the_plan_before_an_exam_and_after_it(state: Path, cloud_config: CloudConfig) -> None:
    made = await closed_exam(state, cloud_config)
    async with syncer(state, signer=made.signer) as night:
        after = await night.night.plan()
        assert after.bytes == sum(p.stat().st_size for p in (state / "blobs").glob("*/*"))
        closed = await exam_of(state, made.exam_id)
        to_come = replace(
            closed,
            exam_id=ExamId(new_id()),
            code="TOCOME",
            state=ExamState.DRAFT,
            settings=replace(closed.settings, features=Features(video_snippets=True)),
            opened_ms=None,
            started_ms=None,
            closed_ms=None,
        )
        await night.stores.exams.add(to_come)
        roster = await night.stores.attempts.of_exam(made.exam_id)
        seats = [
            replace(
                attempt,
                attempt_id=AttemptId(new_id()),
                exam_id=to_come.exam_id,
                seat_code_hash=new_id(),
            )
            for attempt in roster
        ]
        await night.stores.attempts.add(seats)
        before = await night.night.plan(to_come.exam_id)
        # Two candidates, four hours, some 150 kbit/s.
        assert 2 * 200e6 < before.bytes < 2 * 400e6
        assert dict(before.order)[PriorityClass.PORTRAITS] == 0
        both = await night.night.plan()
        assert both.bytes == before.bytes + after.bytes
        line = await night.night.line()
        assert line is not None
        waiting = await night.night.backlog()
        assert (line.bytes, line.nights, line.finishes_ms) == (after.bytes, 1, waiting.finishes_ms)
