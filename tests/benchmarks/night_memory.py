"""Peak memory of a night that sends and proves a large backlog of small objects.

Objects count here, not bytes: they are what lists in memory would grow with. The night is a process
of its own, sends to a mounted directory and the database of the tests, and reads everything back.

    python -m tests.benchmarks.night_memory --json [--objects 300000]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.backlog import backlog
from tests.support.night_child import in_a_process

_PER_ATTEMPT = 2_880  # four hours of ten-second snippets, each with its still


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--objects", type=int, default=300_000)
    chosen = parser.parse_args()
    sizes = (chosen.objects // 10, chosen.objects)
    runs = [asyncio.run(_night(size)) for size in sizes]
    if chosen.json:
        print(json.dumps({"runs": runs}, indent=2))
        return
    for run in runs:
        print(" ".join(f"{name}={value:,}" for name, value in run.items()))


async def _night(objects: int) -> dict[str, float]:
    attempts = max(1, round(objects / _PER_ATTEMPT))
    with tempfile.TemporaryDirectory(prefix="hv-backlog-") as directory:
        place = Path(directory)
        servers = CloudServers(place / "cloud")
        await asyncio.to_thread(servers.start)
        try:
            archive = place / "archive"
            await asyncio.to_thread(archive.mkdir)
            config = replace(
                servers.config(place / "records.uri"), objects="directory", directory=archive
            )
            key = await backlog(
                place / "box", config, attempts=attempts, objects=objects // attempts
            )
            started = time.monotonic()
            night = await in_a_process(place / "box", key)
            took = time.monotonic() - started
        finally:
            await asyncio.to_thread(servers.stop)
    return {"attempts": attempts, **asdict(night), "wall_s": round(took, 1)}


if __name__ == "__main__":
    main()
