"""What a night holds in memory does not grow with what it sends and proves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from appliance.config.box import CloudConfig
from tests.support.backlog import backlog
from tests.support.night_child import in_a_process

_LIMIT_MB = 150
_PER_ATTEMPT = 1_250
_MORE_MB = 8  # for 15,000 objects more; lists of them took 15 to 25


async def test_four_times_the_backlog_takes_no_more_memory(
    tmp_path: Path, cloud_config: CloudConfig
) -> None:
    """Objects, not bytes: a whole manifest of small ones, and four. Hundreds of thousands are
    `tests/benchmarks/night_memory.py`'s."""
    peaks = []
    for attempts in (4, 16):
        place = tmp_path / str(attempts)
        archive = place / "archive"
        await asyncio.to_thread(archive.mkdir, parents=True)
        config = replace(cloud_config, objects="directory", directory=archive)
        key = await backlog(place / "box", config, attempts=attempts, objects=_PER_ATTEMPT)
        night = await in_a_process(place / "box", key)
        assert (night.packs, night.verified_objects) == (attempts, attempts * _PER_ATTEMPT)
        peaks.append(night.peak_rss_mb)
    few, many = peaks
    assert many < _LIMIT_MB
    assert many - few < _MORE_MB, (few, many)
