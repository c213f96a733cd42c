"""A process that keeps snippets the way ingest does and says so on standard output, for tests
that kill it or fill its disk. Run as `python -m tests.integration.store.writer STATE FIRST SIZE`.

For each snippet: blob, row, then one line with its number and SHA-256. A NoRoom is one line
`full` and the end. The line goes out only after both are durable: it is the acknowledgement.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from dataclasses import replace
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.store.stores import Stores, open_stores
from appliance.core.errors import NoRoom
from appliance.core.ids import ObjectName
from tests.contract.store.samples import snippet


async def write(state: Path, first: int, size: int) -> None:
    stores = await asyncio.to_thread(open_stores, state)
    blobs = DirectoryBlobs(state / "blobs")
    lanes = [asyncio.create_task(_lane(blobs, stores, first + n, size)) for n in range(4)]
    try:
        await asyncio.gather(*lanes)
    except NoRoom as error:
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        os.write(1, f"full {error.message}\n".encode())
    await stores.close()


async def _lane(blobs: DirectoryBlobs, stores: Stores, sequence: int, size: int) -> None:
    while True:
        sealed = os.urandom(size)
        digest = hashlib.sha256(sealed).hexdigest()
        row = snippet(sequence)
        name = ObjectName(os.urandom(16).hex())
        stored = replace(row.stored, name=name, size=size, sha256=digest)
        await blobs.put(name, sealed)
        await stores.snippets.add_snippet(replace(row, stored=stored))
        os.write(1, f"{sequence} {name} {digest}\n".encode())
        sequence += 4


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
