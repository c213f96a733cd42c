"""Peak memory of a night that sends and proves a large backlog of small objects, of a reviewer who
opens it and of a box that adopts it.

Objects count here more than bytes: they are what lists in memory would grow with. Each is a process
of its own with a store (a mounted directory, SeaweedFS, or the tests' strict one for Google's
protocol) and the database of the tests; the night reads everything back.

    python -m tests.benchmarks.night_memory --json [--objects 300000] [--object-bytes 300]
        [--store directory|s3|gcs]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.signing import SigningKey, fingerprint
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.ids import BoxId
from appliance.core.keys import RecipientKind
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.backlog import backlog
from tests.support.bare_exam import new_id
from tests.support.night_child import in_a_process
from tests.support.object_servers import SeaweedFS
from tests.support.reader_child import SEED, peak_in_a_process
from tests.support.strict_gcs import StrictGcs

_PER_ATTEMPT = 2_880  # four hours of ten-second snippets, each with its still


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--objects", type=int, default=300_000)
    parser.add_argument("--object-bytes", type=int, default=300)
    parser.add_argument("--store", choices=list(_STORES), default="directory")
    chosen = parser.parse_args()
    sizes = (chosen.objects // 10, chosen.objects)
    runs = [asyncio.run(_night(size, chosen.object_bytes, chosen.store)) for size in sizes]
    if chosen.json:
        print(json.dumps({"runs": runs}, indent=2))
        return
    for run in runs:
        print(" ".join(f"{name}={value:,}" for name, value in run.items()))


@asynccontextmanager
async def _directory(place: Path, config: CloudConfig) -> AsyncIterator[CloudConfig]:
    archive = place / "archive"
    await asyncio.to_thread(archive.mkdir)
    yield replace(config, objects="directory", directory=archive)


@asynccontextmanager
async def _s3(place: Path, config: CloudConfig) -> AsyncIterator[CloudConfig]:
    server = SeaweedFS(place / "seaweed")
    await asyncio.to_thread(server.start)
    try:
        yield server.config(config, place, server.endpoint)
    finally:
        await asyncio.to_thread(server.stop)


@asynccontextmanager
async def _gcs(place: Path, config: CloudConfig) -> AsyncIterator[CloudConfig]:
    server = StrictGcs()
    await server.start()
    try:
        yield replace(config, endpoint=server.endpoint, bucket=server.bucket)
    finally:
        await server.stop()


_STORES = {"directory": _directory, "s3": _s3, "gcs": _gcs}


async def _night(objects: int, size: int, store: str) -> dict[str, float]:
    attempts = max(1, round(objects / _PER_ATTEMPT))
    async with AsyncExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hv-backlog-")))
        servers = CloudServers(place / "cloud")
        await asyncio.to_thread(servers.start)
        stack.callback(servers.stop)
        plain = servers.config(place / "records.uri")
        config = await stack.enter_async_context(_STORES[store](place, plain))
        reviewer = PrivateKey.generate(RecipientKind.RECOVERY.value, "recovery")
        key = await backlog(
            place / "box",
            config,
            attempts=attempts,
            objects=objects // attempts,
            size=size,
            reviewer=reviewer,
        )
        started = time.monotonic()
        night = await in_a_process(place / "box", key)
        took = time.monotonic() - started
        readers = await _readers(place, config, key, reviewer)
    return {"attempts": attempts, **asdict(night), "wall_s": round(took, 1), **readers}


async def _readers(
    place: Path, config: CloudConfig, key: Path, reviewer: PrivateKey
) -> dict[str, float]:
    public = (await asyncio.to_thread(SigningKey.load, key)).public_bytes
    other = (await asyncio.to_thread(box.load, place / "box")).box_id
    state = place / "reader"
    for name in ("db", "run", "keys"):
        await asyncio.to_thread((state / name).mkdir, parents=True)
    own = replace(BoxConfig(box_id=BoxId(new_id())), cloud=config)
    await asyncio.to_thread(box.write, state, own)
    await asyncio.to_thread((state / SEED).write_text, reviewer.seed.hex())
    opened, review_mb = await peak_in_a_process("open", state, other, fingerprint(public))
    _, adopt_mb = await peak_in_a_process("adopt", state, other, fingerprint(public))
    return {"opened": opened, "review_peak_rss_mb": review_mb, "adopt_peak_rss_mb": adopt_mb}


if __name__ == "__main__":
    main()
