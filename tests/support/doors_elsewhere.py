"""TCP ports of this machine's loopback, open at an address of another network namespace.

    with DoorsElsewhere("hv-hall-7", "10.77.0.1", [443]):
        ...  # 10.77.0.1:443 there is 127.0.0.1:443 here

This process passes on what comes, so no card of the machine's own is needed for it. Each that comes
or goes breaks off what any browser on this machine is just opening (ERR_NETWORK_CHANGED), those of
tests that run beside this one too. Needs root.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support.tap import Tap

_CLONE_NEWNET = 0x40000000


class DoorsElsewhere:
    def __init__(self, namespace: str, address: str, ports: Sequence[int]) -> None:
        self._there = Path("/run/netns", namespace)
        self._taps = [Tap("127.0.0.1", port, listen=(address, port)) for port in ports]
        self._loop = asyncio.new_event_loop()
        self._open: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._open.result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _live(self) -> None:
        try:
            self._open_there()
        except BaseException as error:
            self._open.set_exception(error)
            raise
        self._open.set_result(None)
        self._loop.run_forever()
        for tap in self._taps:
            self._loop.run_until_complete(tap.__aexit__(None, None, None))
        self._loop.run_until_complete(self._loop.shutdown_default_executor())

    def _open_there(self) -> None:
        """A namespace is entered by one thread (setns(2)); sockets stay where they were made."""
        with (
            open(f"/proc/self/task/{threading.get_native_id()}/ns/net") as here,
            open(self._there) as there,
        ):
            _enter(there.fileno())
            for tap in self._taps:
                self._loop.run_until_complete(tap.__aenter__())
            _enter(here.fileno())


def _enter(namespace: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(namespace, _CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
