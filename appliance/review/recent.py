"""What was opened a moment ago, in memory: a browser asks for one video in several pieces."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable


class Recent:
    """Keeps at most `most_bytes` of what `fetch` gave, the latest used; two who ask for the same at
    once share one fetch. What failed is not kept."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._kept: OrderedDict[Hashable, asyncio.Future[bytes]] = OrderedDict()

    async def get(self, key: Hashable, fetch: Callable[[], Awaitable[bytes]]) -> bytes:
        waiting = self._kept.get(key)
        if waiting is None:
            waiting = asyncio.ensure_future(fetch())
            self._kept[key] = waiting
        self._kept.move_to_end(key)
        try:
            # A browser that gives up on a piece does not stop the others' fetch.
            content = await asyncio.shield(waiting)
        except BaseException:
            if waiting.done():
                self._kept.pop(key, None)
            raise
        self._trim()
        return content

    def _trim(self) -> None:
        done = [(key, f) for key, f in self._kept.items() if f.done() and not f.cancelled()]
        total = sum(len(f.result()) for _, f in done if f.exception() is None)
        for key, f in done[:-1]:
            if total <= self._most_bytes:
                return
            total -= len(f.result()) if f.exception() is None else 0
            del self._kept[key]
