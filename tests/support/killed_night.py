"""A night in a process of its own that somebody kills with signal 9, over and over.

The processes are forked from one that has imported everything already (`multiprocessing`'s fork
server): a night that is killed after a second should not take two to begin.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from appliance.adapters.cloud.s3_session import session
from appliance.adapters.crypto.signing import SigningKey
from appliance.processes.syncer import syncer
from tests.support.closed_exam import LocalSigner

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])
session()  # the tables of S3 clients: read here, by the fork server too, and in no child


async def begun(state: Path, key: Path) -> BaseProcess:
    """Of the box in `state`, signed with the key in the file."""
    child = _PROCESSES.Process(target=_night, args=(state, key), daemon=True)
    await asyncio.to_thread(child.start)
    return child


async def killed(child: BaseProcess) -> bool:
    """Wait for its end: whether it was a kill."""
    await asyncio.to_thread(child.join)
    return child.exitcode == -signal.SIGKILL


def kill_at(child: BaseProcess, target: int) -> Callable[[int], None]:
    """Told of the bytes that arrived so far: kills when there are so many; one signal, for a second
    one could meet another process."""
    assert child.pid is not None
    left = [child.pid]

    def look(total: int) -> None:
        if total >= target and left:
            os.kill(left.pop(), signal.SIGKILL)

    return look


async def killed_itself(state: Path, key: Path, target: int) -> int:
    """A night that ends so at the first piece after `target` bytes: how many had gone."""
    gone = _PROCESSES.Value("q", 0)
    child = _PROCESSES.Process(target=_night, args=(state, key, gone, target), daemon=True)
    await asyncio.to_thread(child.start)
    assert await killed(child)
    return int(gone.value)


def _night(state: Path, key: Path, gone: Synchronized[int] | None = None, target: int = 0) -> None:
    def on_sent(count: int) -> None:
        if gone is None:
            return
        if gone.value >= target:
            os.kill(os.getpid(), signal.SIGKILL)
        gone.value += count

    async def run() -> None:
        async with syncer(state, signer=LocalSigner(SigningKey.load(key))) as night:
            await night.run(lambda sent, total: None, on_sent=on_sent)

    asyncio.run(run())
