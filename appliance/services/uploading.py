"""Packs from the journal to the object store, several at a time, in the order of the night.

One pack's way over a long line is mostly waiting for replies, so several are under way at once; how
much of them a cut may cost is kept to one chunk by the line (`core.transfer.Line.under_way`). What
is in memory is bounded whatever the backlog: heads of packs here, contents of `AT_ONCE` packs.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager

from appliance.core.batch import ORDER
from appliance.core.ids import ExamId
from appliance.core.pack_journal import PackHead, PackJournal, PackState
from appliance.core.ports import Content, ObjectCloud
from appliance.core.transfer import damaged
from appliance.services.batching import Batching

METERED = ORDER[:1]  # what a metered line carries: records
AT_ONCE = 6  # small packs, whose way is mostly waiting for the reply
# Of all packs in memory together: one large one is sent while the next is read. A client of S3
# takes so much memory itself that there it is one large one and a few small ones.
CONTENT_BYTES, CONTENT_BYTES_S3 = 34 * 1024 * 1024, 20 * 1024 * 1024


class Uploading:
    """`carried` is around each pack until it is journalled and raises when it may not go;
    `uploaded` is told of each that went; `complete` when the last one of an exam is there, one exam
    at a time. `crc32c` is the box's own word, written as `RemoteObject.crc32c` is, which the
    store's must be."""

    def __init__(
        self,
        journal: PackJournal,
        batching: Batching,
        objects: ObjectCloud,
        *,
        crc32c: Callable[[Content], str],
        content_bytes: int = CONTENT_BYTES,
        carried: Callable[[PackHead], AbstractAsyncContextManager[None]],
        uploaded: Callable[[PackHead], None],
        complete: Callable[[ExamId], Awaitable[None]],
    ) -> None:
        self._journal = journal
        self._batching = batching
        self._objects = objects
        self._crc32c = crc32c
        self._content_bytes = content_bytes
        self._carried = carried
        self._uploaded = uploaded
        self._complete = complete
        self._completing = asyncio.Lock()
        self._in_memory = 0
        self._room = asyncio.Condition()

    async def send(self, heads: Sequence[PackHead]) -> None:
        """Raise what the first pack raises that cannot be sent, IntegrityFailure where the store's
        final reply is not about what was sent; the others under way are given up and go on where
        they were in the next run."""
        left = Counter(head.exam_id for head in heads)
        waiting = iter(heads)

        async def work() -> None:
            for head in waiting:
                await self._send(head)
                left[head.exam_id] -= 1
                if left[head.exam_id] == 0:
                    async with self._completing:
                        await self._complete(head.exam_id)

        workers = [asyncio.ensure_future(work()) for _ in range(min(AT_ONCE, len(heads)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    async def _send(self, head: PackHead) -> None:
        async with self._room:
            await self._room.wait_for(lambda: self._in_memory + head.size <= self._content_bytes)
            self._in_memory += head.size
        try:
            async with self._carried(head):  # after waiting for room, which may have taken long
                content = await self._batching.assemble(await self._journal.pack(head.name))
                # Before, for until the journal has it nothing new goes beside it.
                digest = await asyncio.to_thread(hashlib.sha256, content)
                checksum = await asyncio.to_thread(self._crc32c, content)
                remote = await self._objects.put(f"packs/{head.name}", content)
                if (remote.size, remote.crc32c) != (len(content), checksum):
                    raise damaged()
                del content
                await self._journal.uploaded(head.name, sha256=digest.hexdigest(), crc32c=checksum)
        finally:
            async with self._room:
                self._in_memory -= head.size
                self._room.notify_all()
        self._uploaded(head)


def in_order(heads: Sequence[PackHead], *, records_only: bool = False) -> list[PackHead]:
    """What still has to go, of all exams together: records first, then flagged footage, portraits,
    the rest; within a class as planned. On a metered line records only."""
    classes = {kind: place for place, kind in enumerate(METERED if records_only else ORDER)}
    waiting = [h for h in heads if h.state is PackState.PLANNED and h.priority in classes]
    return sorted(waiting, key=lambda h: (classes[h.priority], h.number))
