"""One night in a process of its own, which says what it sent, what it proved and its peak memory.

python -m tests.support.night_child STATE SIGNING_KEY
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from appliance.adapters.crypto.signing import SigningKey
from appliance.processes.syncer import syncer
from appliance.services.signing import Signed


@dataclass(frozen=True, slots=True)
class Night:
    packs: int
    bytes: int
    verified_objects: int
    peak_rss_mb: float


class _Signer:
    """As the gateway does it; what builds exams for tests would count as memory as well."""

    def __init__(self, path: Path) -> None:
        self._key = SigningKey.load(path)

    async def sign(self, purpose: str, payload: bytes) -> Signed:
        signature = self._key.sign(purpose, payload)
        return Signed(signature=signature, public_key=self._key.public_bytes)


async def in_a_process(state: Path, key: Path) -> Night:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.support.night_child", str(state), str(key)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    out, _ = await child.communicate()
    assert child.returncode == 0
    return Night(**json.loads(out))


async def _main(state: Path, key: Path) -> None:
    async with syncer(state, signer=_Signer(key)) as night:
        report = await night.run(lambda sent, total: None)
        (verified,) = await night.verify()
    # Of this program's own memory: `ru_maxrss` would begin with that of whoever started it.
    status = await asyncio.to_thread(Path("/proc/self/status").read_text)
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    done = Night(report.packs, report.bytes, verified.objects, int(found[1]) / 1000)
    print(json.dumps(asdict(done)))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
