"""No store's word for a pack is taken that is not the box's own; what may go is asked per pack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from appliance.adapters.cloud.memory import MemoryObjects
from appliance.adapters.cloud.names import crc32c
from appliance.core.errors import IntegrityFailure, Refused
from appliance.core.ids import AttemptId, ExamId, PackName
from appliance.core.night_window import Window
from appliance.core.pack_journal import PackHead, PackState
from appliance.core.ports import Content, RemoteObject
from appliance.core.snippet import PriorityClass
from appliance.services.paced_line import Closed, PacedLine
from appliance.services.uploading import AT_ONCE, METERED, Uploading, in_order
from tests.support.fake_clock import FakeClock

PACK = b"ciphertext"
HEAD = PackHead(
    number=1,
    name=PackName("5a" * 16),
    exam_id=ExamId("0e" * 16),
    attempt_id=AttemptId("0a" * 16),
    priority=PriorityClass.REST,
    size=len(PACK),
    objects=1,
    state=PackState.PLANNED,
    crc32c=None,
    manifest=None,
)


class _Box:
    """Journal and batching of one pack."""

    def __init__(self) -> None:
        self.journalled: dict[str, str] = {}

    async def pack(self, name: PackName) -> PackName:
        return name

    async def assemble(self, pack: object) -> bytes:
        return PACK

    async def uploaded(self, name: PackName, *, sha256: str, crc32c: str) -> None:
        self.journalled[name] = crc32c


class _Spoils(MemoryObjects):
    """Keeps something else, and says so itself."""

    def __init__(self, other: bytes) -> None:
        super().__init__()
        self._other = other

    async def put(self, name: str, content: Content) -> RemoteObject:
        return await super().put(name, self._other)


class _Slow(MemoryObjects):
    """Each pack takes ten minutes."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    async def put(self, name: str, content: Content) -> RemoteObject:
        self._clock.advance(600)
        return await super().put(name, content)


async def _never() -> bool:
    return False


@asynccontextmanager
async def _any_time(head: PackHead) -> AsyncIterator[None]:
    yield


def _uploading(
    box: _Box,
    objects: MemoryObjects,
    told: list[PackHead],
    carried: Callable[[PackHead], AbstractAsyncContextManager[None]] = _any_time,
) -> Uploading:
    async def complete(exam: ExamId) -> None: ...

    stands_in = cast("Any", box)
    return Uploading(
        stands_in,
        stands_in,
        objects,
        crc32c=crc32c,
        carried=carried,
        uploaded=told.append,
        complete=complete,
    )


@pytest.mark.parametrize("other", [b"ciphertexu", b"ciphertex", b""])
async def test_a_store_with_something_else_leaves_the_pack_planned(other: bytes) -> None:
    box, told = _Box(), list[PackHead]()
    with pytest.raises(IntegrityFailure, match="something else than was sent"):
        await _uploading(box, _Spoils(other), told).send([HEAD])
    assert (box.journalled, told) == ({}, [])


async def test_a_pack_is_carried_until_it_is_journalled() -> None:
    """What the line counts as at stake until then (`PacedLine.carrying`)."""
    box, told = _Box(), list[PackHead]()
    journalled: list[dict[str, str]] = []

    @asynccontextmanager
    async def carried(head: PackHead) -> AsyncIterator[None]:
        yield
        journalled.append(dict(box.journalled))

    await _uploading(box, MemoryObjects(), told, carried).send([HEAD])
    assert journalled == [{HEAD.name: crc32c(PACK)}]


async def test_the_box_s_own_checksum_is_journalled() -> None:
    box, told = _Box(), list[PackHead]()
    await _uploading(box, MemoryObjects(), told).send([HEAD])
    assert box.journalled == {HEAD.name: crc32c(PACK)}
    assert told == [HEAD]


def _heads(*kinds: PriorityClass) -> list[PackHead]:
    return [
        replace(HEAD, number=number, name=PackName(f"{number:032x}"), priority=kind)
        for number, kind in enumerate(kinds, 1)
    ]


def test_records_first_and_on_a_metered_line_nothing_else() -> None:
    heads = _heads(*reversed(PriorityClass), PriorityClass.RECORDS)
    sent = replace(_heads(PriorityClass.RECORDS)[0], state=PackState.UPLOADED)
    records = [heads[3], heads[4]]
    assert in_order([*heads, sent]) == [*records, heads[2], heads[1], heads[0]]
    assert in_order([*heads, sent], records_only=True) == records


async def _at_the_turn(heads: Sequence[PackHead], told: list[PackHead]) -> None:
    """From 21:30 on, over an ordinary window that a metered one follows at 22:00."""
    clock = FakeClock(round(datetime(2026, 11, 25, 21, 30, tzinfo=UTC).timestamp() * 1000))
    windows = (
        Window(opens="20:00", closes="22:00"),
        Window(opens="22:00", closes="04:00", metered=True),
    )
    line = PacedLine(windows, clock, paused=_never, zone=UTC)

    def carried(head: PackHead) -> AbstractAsyncContextManager[None]:
        return line.carrying(records=head.priority in METERED)

    await _uploading(_Box(), _Slow(clock), told, carried).send(heads)


async def test_a_metered_window_that_follows_is_not_for_footage() -> None:
    told = list[PackHead]()
    with pytest.raises(Refused) as stopped:
        await _at_the_turn(_heads(*[PriorityClass.REST] * 5 * AT_ONCE), told)
    assert stopped.value.code == Closed.METERED
    assert len(told) < 2 * AT_ONCE  # those that had left before ten o'clock


async def test_records_go_on_over_it() -> None:
    told, heads = list[PackHead](), _heads(*[PriorityClass.RECORDS] * 3 * AT_ONCE)
    await _at_the_turn(heads, told)
    assert len(told) == len(heads)
