"""Who is served next when there are more requests than workers."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from dataclasses import dataclass, field

from appliance.core.messages import WorkerReply, WorkerRequest


@dataclass(order=True, slots=True)
class Waiting:
    """One request and its caller's future; ordered by who goes first."""

    rank: tuple[int, int]
    request: WorkerRequest = field(compare=False)
    answer: asyncio.Future[WorkerReply] = field(compare=False)


class RequestQueue:
    """Urgent requests first, in their order; then the others, newest first.

    Newest first, because a console needs what is happening now; the backlog is caught up with
    when there is time.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._heap: list[Waiting] = []
        self._numbers = itertools.count(1)

    def __len__(self) -> int:
        return len(self._heap)

    def push(
        self, request: WorkerRequest, answer: asyncio.Future[WorkerReply], *, urgent: bool
    ) -> Waiting | None:
        """Queue the request. When the queue is full, return what had to go: the one that would
        have been served last, which may be the new one."""
        number = next(self._numbers)
        rank = (0, number) if urgent else (1, -number)
        heapq.heappush(self._heap, Waiting(rank, request, answer))
        if len(self._heap) <= self._limit:
            return None
        last = max(self._heap)
        self._heap.remove(last)
        heapq.heapify(self._heap)
        return last

    def pop(self) -> Waiting | None:
        """The next request whose caller still waits; None when there is none."""
        while self._heap:
            waiting = heapq.heappop(self._heap)
            if not waiting.answer.done():
                return waiting
        return None
