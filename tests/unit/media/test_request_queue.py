from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.adapters.workers.request_queue import RequestQueue, Waiting
from appliance.core.messages import MakeFilmStrip, WorkerReply


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


def push(
    queue: RequestQueue, loop: asyncio.AbstractEventLoop, name: str, *, urgent: bool = False
) -> Waiting | None:
    answer: asyncio.Future[WorkerReply] = loop.create_future()
    return queue.push(MakeFilmStrip(media=name.encode()), answer, urgent=urgent)


def name_of(waiting: Waiting | None) -> str | None:
    if waiting is None:
        return None
    assert isinstance(waiting.request, MakeFilmStrip)
    return waiting.request.media.decode()


def drain(queue: RequestQueue) -> list[str | None]:
    names = []
    while len(queue):
        names.append(name_of(queue.pop()))
    return names


def test_an_empty_queue_gives_nothing() -> None:
    assert RequestQueue(1).pop() is None


def test_urgent_in_their_order_then_newest_first(loop: asyncio.AbstractEventLoop) -> None:
    queue = RequestQueue(10)
    for name, urgent in (("a", False), ("U", True), ("b", False), ("V", True), ("c", False)):
        push(queue, loop, name, urgent=urgent)
    assert drain(queue) == ["U", "V", "c", "b", "a"]


def test_a_full_queue_gives_back_the_oldest_that_is_not_urgent(
    loop: asyncio.AbstractEventLoop,
) -> None:
    queue = RequestQueue(2)
    push(queue, loop, "U", urgent=True)
    push(queue, loop, "old")
    assert name_of(push(queue, loop, "new")) == "old"
    assert name_of(push(queue, loop, "V", urgent=True)) == "new"
    assert name_of(push(queue, loop, "late")) == "late"  # nothing before it may be dropped
    assert drain(queue) == ["U", "V"]


def test_a_caller_that_is_gone_is_passed_over(loop: asyncio.AbstractEventLoop) -> None:
    queue = RequestQueue(3)
    push(queue, loop, "kept")
    answer: asyncio.Future[WorkerReply] = loop.create_future()
    queue.push(MakeFilmStrip(media=b"gone"), answer, urgent=True)
    answer.cancel()
    assert name_of(queue.pop()) == "kept"


@given(st.lists(st.booleans(), max_size=40), st.integers(1, 10))
def test_nothing_is_lost_silently(urgencies: list[bool], limit: int) -> None:
    loop = asyncio.new_event_loop()
    queue = RequestQueue(limit)
    dropped = [
        name_of(push(queue, loop, str(number), urgent=urgent))
        for number, urgent in enumerate(urgencies)
    ]
    seen = [name for name in dropped if name is not None] + drain(queue)
    assert sorted(map(str, seen)) == sorted(str(n) for n in range(len(urgencies)))
    assert len(seen) - len([n for n in dropped if n]) <= limit
    loop.close()
