"""What a night costs the line and the box: bytes, requests, memory; and how full the line is."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from appliance.adapters.cloud.gcs import GcsObjects
from appliance.adapters.host.clock import SystemClock
from appliance.config.box import CloudConfig
from appliance.core.night_window import Window
from appliance.core.token_bucket import wire_bytes
from appliance.core.transfer import CHUNK_BYTES
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.paced_line import PacedLine
from tests.support.closed_exam import closed_exam
from tests.support.night_child import in_a_process
from tests.support.object_servers import BUCKET, REGION, SeaweedFS
from tests.support.stopwatch import Stopwatch
from tests.support.strict_gcs import StrictGcs
from tests.support.tap import Tap

PER_ATTEMPT = 5
_EIGHT_MIB = 8 * 1024 * 1024


@asynccontextmanager
async def _tapped(config: CloudConfig) -> AsyncIterator[tuple[Tap, CloudConfig]]:
    port = urlsplit(config.endpoint).port
    assert port is not None
    async with Tap("127.0.0.1", port) as tap:
        yield tap, replace(config, endpoint=tap.url)


async def _costs(state: Path, config: CloudConfig, *, large_packs: int) -> None:
    """A night of four candidates through the tap: everything towards the store is counted, asking
    where it lies, listing and reading back included."""
    async with _tapped(config) as (tap, through):
        made = await closed_exam(state, through, candidates=4, snippets=6, bulk=3_500_000)
        async with syncer(state, signer=made.signer) as night:
            report = await night.run(lambda sent, total: None)
            large = [
                head for head in await night.journal.heads(made.exam_id) if head.size > CHUNK_BYTES
            ]
    assert report.exams == [made.exam_id]
    assert len(large) == large_packs  # that need more than one request
    assert report.bytes <= tap.sent_bytes <= 1.01 * report.bytes
    allowed = report.bytes // _EIGHT_MIB + PER_ATTEMPT * 4
    assert tap.requests <= allowed, (tap.requests, allowed)


async def test_bytes_and_requests_to_gcs(state: Path, cloud_config: CloudConfig) -> None:
    await _costs(state, cloud_config, large_packs=4)


async def test_bytes_and_requests_to_s3(
    state: Path, cloud_config: CloudConfig, seaweed: SeaweedFS, tmp_path: Path
) -> None:
    credentials = await asyncio.to_thread(seaweed.write_credentials, tmp_path / "s3")
    config = replace(
        cloud_config,
        objects="s3",
        endpoint=seaweed.endpoint,
        bucket=BUCKET,
        region=REGION,
        credentials_file=credentials,
    )
    await _costs(state, config, large_packs=0)


async def test_the_cap_holds_on_a_real_clock(tmp_path: Path) -> None:
    """Some seconds of a sender that would be a hundred times as fast, measured at the server."""
    strict = StrictGcs()
    await strict.start()
    cap = 4_000_000
    whole_day = Window(opens="00:00", closes="00:00", cap_mbit_s=cap / 1e6)
    line = PacedLine((whole_day,), SystemClock(), paused=_never)
    store = GcsObjects(strict.bucket, endpoint=strict.endpoint, line=line)
    content = secrets.token_bytes(CHUNK_BYTES)
    sending = [
        asyncio.ensure_future(store.put(f"packs/{secrets.token_hex(16)}", content[: size * 1024]))
        for size in (8000, 200, 900, 300, 8000)
    ]
    await asyncio.sleep(1.0)
    with Stopwatch() as watch:
        began, before = time.monotonic(), strict.body_bytes
        await asyncio.sleep(6.0)
        on_the_line = 8 * wire_bytes(strict.body_bytes - before)
        took_s, awake_s = time.monotonic() - began, watch.seconds
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
    await store.close()
    await strict.stop()
    assert on_the_line <= 1.05 * cap * took_s
    assert on_the_line >= 0.90 * cap * awake_s


async def _never() -> bool:
    return False


@pytest.mark.parametrize("store", ["gcs", "s3"])
async def test_memory_stays_under_150_mb(
    store: str,
    state: Path,
    cloud: CloudServers,
    cloud_config: CloudConfig,
    seaweed: SeaweedFS,
    tmp_path: Path,
) -> None:
    """Large packs and many small objects in one backlog, in a process of its own."""
    config = cloud_config
    if store == "s3":
        credentials = await asyncio.to_thread(seaweed.write_credentials, tmp_path / "s3")
        config = replace(
            cloud_config,
            objects="s3",
            endpoint=seaweed.endpoint,
            bucket=BUCKET,
            region=REGION,
            credentials_file=credentials,
        )
    made = await closed_exam(state, config, candidates=8, snippets=5, bulk=3_500_000)
    key = tmp_path / "signing.pem"
    await asyncio.to_thread(made.signing_key.save, key)
    night = await in_a_process(state, key)
    assert night.packs == 8 * (4 if store == "gcs" else 5)
    assert night.bytes > 8 * 5 * 3_500_000
    assert night.peak_rss_mb < 150
