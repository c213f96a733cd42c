"""Computers on the LAN: coroutines that run where the machine's cable ends."""

from __future__ import annotations

import asyncio
import ctypes
import os
import ssl
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

from aiohttp.abc import AbstractResolver

from tests.support.box_api import BoxApi

_CLONE_NEWNET = 0x40000000
Answer = TypeVar("Answer")


class Lan:
    """A thread whose sockets are of another network (setns(2) counts for one thread)."""

    def __init__(self, network: str) -> None:
        self._network = network
        self._loop = asyncio.new_event_loop()
        self._apis: list[BoxApi] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, name=network, daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    def do(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(180)

    def api(
        self,
        origin: str,
        authority: Path,
        token: str | None = None,
        resolver: AbstractResolver | None = None,
    ) -> BoxApi:
        """A client of the box that trusts its authority alone."""
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trust.load_verify_locations(authority)
        api = BoxApi(origin, trust, token=token, resolver=resolver)
        self._apis.append(api)
        return api

    def close(self) -> None:
        self.do(self._close_apis())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()

    async def _close_apis(self) -> None:
        for api in self._apis:
            await api.close()
        await asyncio.sleep(0.05)  # TLS transports close a few loop rounds later

    def _live(self) -> None:
        enter(self._network)
        asyncio.set_event_loop(self._loop)
        self._ready.set()
        self._loop.run_forever()


def enter(network: str) -> None:
    """This thread is in that network from here on; the others stay where they are."""
    namespace = os.open(f"/run/netns/{network}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(namespace, _CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    finally:
        os.close(namespace)
