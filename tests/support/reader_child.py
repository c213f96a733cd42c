"""Somebody who reads a cloud copy, in a process of their own that says its peak memory.

python -m tests.support.reader_child open|adopt STATE BOX CARD

STATE is a box with the same cloud; the reviewer's key comes as the hexadecimal seed of its file
`reader.seed` there, which only tests would do.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path

from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.config import box
from appliance.core.ids import BoxId
from appliance.processes.adoption import adopt
from appliance.processes.cloud_ends import cloud_ends
from appliance.review.archive import Archive
from appliance.review.summary import attempt_detail, exam_summary

SEED = "reader.seed"


async def peak_in_a_process(act: str, state: Path, other: BoxId, card: str) -> tuple[int, float]:
    """Attempts that were opened, and megabytes."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.reader_child", act, str(state), other, card),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    out, _ = await child.communicate()
    assert child.returncode == 0
    opened, peak = json.loads(out)
    return int(opened), float(peak)


async def _open(state: Path, key: HybridPrivateKey) -> int:
    config = await asyncio.to_thread(box.load, state)
    async with cloud_ends(config.cloud) as ends:
        archive = Archive(ends.objects, ends.records, key)
        (exam,) = await archive.exams()
        opened = await archive.open(exam.exam_id)
        attempts = exam_summary(opened)["attempts"]
        attempt_detail(opened.attempts[attempts[0]["attempt"]])
    return sum(1 for attempt in attempts if not attempt["locked"])


async def _main(act: str, state: Path, other: BoxId, card: str) -> None:
    seed = await asyncio.to_thread((state / SEED).read_text)
    key = HybridPrivateKey(bytes.fromhex(seed))
    if act == "open":
        opened = await _open(state, key)
    else:
        (adopted,) = await adopt(state, other, card, key)
        opened = adopted.opened
    status = await asyncio.to_thread(Path("/proc/self/status").read_text)
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    print(json.dumps([opened, int(found[1]) / 1000]))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2]), BoxId(sys.argv[3]), sys.argv[4]))
