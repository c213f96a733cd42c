"""The cap, the window and the pause, by a clock that the test moves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from appliance.core.errors import Refused
from appliance.core.night_window import Window
from appliance.core.token_bucket import TokenBucket, wire_bytes
from appliance.core.transfer import CHUNK_BYTES, ON_ITS_WAY_BYTES
from appliance.services.paced_line import Closed, PacedLine
from tests.support.fake_clock import FakeClock

PIECE = 64 * 1024
EVENING_MS = round(datetime(2026, 11, 25, 22, tzinfo=UTC).timestamp() * 1000)


class Switch:
    on = False

    async def __call__(self) -> bool:
        return self.on


def _line(
    clock: FakeClock,
    *windows: Window,
    paused: Switch | None = None,
    forced: bool = False,
) -> PacedLine:
    async def sleep(seconds: float) -> None:
        clock.advance(seconds)

    return PacedLine(
        windows, clock, paused=paused or Switch(), zone=UTC, forced=forced, sleep=sleep
    )


async def _sent_in(line: PacedLine, clock: FakeClock, seconds: float) -> int:
    """Bytes of bodies in so many seconds, from a sender that never rests."""
    until, sent = clock.monotonic() + seconds, 0
    while True:
        await line.send(PIECE)
        if clock.monotonic() >= until:
            return sent
        sent += PIECE


@pytest.mark.parametrize(("slow_s", "held"), [(0.0, 0.98), (0.2, 0.0)])
async def test_it_knows_for_how_long_the_cap_held_it_back(slow_s: float, held: float) -> None:
    """A sender that the cap alone holds back, and one whose line is slower than the cap of 4."""
    clock = FakeClock(EVENING_MS)
    line = _line(clock, Window(opens="22:00", closes="06:00", cap_mbit_s=4.0))
    began = clock.monotonic()
    for _ in range(100):
        await line.send(PIECE)
        clock.advance(slow_s)
    share = line.held_back_s / (clock.monotonic() - began)
    assert share >= held if held else share == 0


@pytest.mark.parametrize("cap", [1.0, 4.0, 100.0])
async def test_the_cap_holds_over_any_ten_seconds(cap: float) -> None:
    clock = FakeClock(EVENING_MS)
    line = _line(clock, Window(opens="22:00", closes="06:00", cap_mbit_s=cap))
    for _ in range(5):
        on_the_line = wire_bytes(await _sent_in(line, clock, 10)) * 8 / 10
        assert 0.95 * cap * 1e6 <= on_the_line <= 1.05 * cap * 1e6


async def test_what_was_not_used_is_not_made_up_for() -> None:
    clock = FakeClock(EVENING_MS)
    line = _line(clock, Window(opens="22:00", closes="06:00", cap_mbit_s=4.0))
    await line.send(PIECE)
    clock.advance(600)
    assert wire_bytes(await _sent_in(line, clock, 10)) * 8 / 10 <= 1.05 * 4e6


def test_two_senders_share_one_cap() -> None:
    bucket = TokenBucket()
    waits = [bucket.wait_s(125_000, 1_000_000, 0.0) for _ in range(4)]  # a second each
    assert waits == pytest.approx([0.0, 0.9, 1.9, 2.9])


def test_packets_and_records_are_counted() -> None:
    assert wire_bytes(0) == 0
    assert wire_bytes(1) == 1 + 22 + 52
    assert 1.03 < wire_bytes(10**7) / 10**7 < 1.05


async def test_outside_the_window_nothing_goes_and_an_upload_under_way_stops() -> None:
    clock = FakeClock(EVENING_MS - 60_000)
    line = _line(clock, Window(opens="22:00", closes="22:30"))
    with pytest.raises(Refused) as before:
        await line.ready()
    assert before.value.code == Closed.WINDOW
    clock.advance(60)
    await line.send(PIECE)
    clock.advance(30 * 60)
    with pytest.raises(Refused):
        await line.send(PIECE)


async def test_a_pause_is_heard_within_a_second() -> None:
    clock, paused = FakeClock(EVENING_MS), Switch()
    line = _line(clock, paused=paused)
    await line.send(PIECE)
    paused.on = True
    clock.advance(1.1)
    with pytest.raises(Refused) as stopped:
        await line.send(PIECE)
    assert stopped.value.code == Closed.PAUSED
    assert "sync resume" in stopped.value.message
    paused.on = False
    clock.advance(1.1)
    await line.send(PIECE)


async def test_a_person_with_a_reason_sends_at_any_time_and_keeps_to_the_cap() -> None:
    clock, paused = FakeClock(EVENING_MS - 3_600_000), Switch()
    paused.on = True
    windows = (
        Window(opens="20:00", closes="21:30", cap_mbit_s=1.0, metered=True),
        Window(opens="22:00", closes="06:00"),
    )
    line = _line(clock, *windows, paused=paused, forced=True)
    assert wire_bytes(await _sent_in(line, clock, 10)) * 8 / 10 <= 1.05e6
    assert not line.records_only
    clock.advance(1800)  # between the windows
    await line.send(PIECE)


async def test_a_metered_window_is_for_records() -> None:
    clock = FakeClock(EVENING_MS)
    line = _line(clock, Window(opens="20:00", closes="23:00", metered=True))
    await line.ready()
    assert line.records_only


async def test_footage_under_way_stops_where_a_metered_window_begins() -> None:
    clock = FakeClock(EVENING_MS)
    windows = (
        Window(opens="20:00", closes="22:30"),
        Window(opens="22:30", closes="06:00", metered=True),
    )
    line = _line(clock, *windows)
    footage, records = asyncio.Event(), asyncio.Event()

    async def pack(*, of_records: bool, turned: asyncio.Event) -> None:
        async with line.carrying(records=of_records), line.under_way(PIECE * 2) as sender:
            await sender.send(PIECE)
            await turned.wait()
            await asyncio.create_task(sender.send(PIECE))  # as a client of a store does it

    both = [
        asyncio.ensure_future(pack(of_records=False, turned=footage)),
        asyncio.ensure_future(pack(of_records=True, turned=records)),
    ]
    for _ in range(20):
        await asyncio.sleep(0)
    clock.advance(30 * 60)
    footage.set()
    with pytest.raises(Refused) as stopped:
        await both[0]
    assert stopped.value.code == Closed.METERED
    records.set()
    await both[1]


async def test_a_shared_line_s_cap_binds_a_person_s_command_too() -> None:
    """At noon the others are on it."""
    clock = FakeClock(EVENING_MS - 10 * 3_600_000)
    windows = (
        Window(opens="22:00", closes="06:00", cap_mbit_s=4.0),
        Window(opens="20:00", closes="22:00", cap_mbit_s=2.0, shared=True),
        Window(opens="06:00", closes="07:00", cap_mbit_s=3.0, shared=True),
    )
    line = _line(clock, *windows, forced=True)
    on_the_line = wire_bytes(await _sent_in(line, clock, 10)) * 8 / 10
    assert 0.95 * 2e6 <= on_the_line <= 1.05 * 2e6


async def test_what_a_cut_would_cost_is_bounded_for_all_together() -> None:
    line = _line(FakeClock(EVENING_MS))
    at_stake: dict[int, int] = {}
    most = beside = 0

    async def request(number: int, size: int) -> None:
        nonlocal most, beside
        async with line.under_way(size) as sender:
            for _ in range(0, size, PIECE):
                await sender.send(PIECE)
                at_stake[number] = min(at_stake.get(number, 0) + PIECE, CHUNK_BYTES)
                most, beside = max(most, sum(at_stake.values())), max(beside, len(at_stake))
            for _ in range(3):  # the store thinks about it
                await asyncio.sleep(0)
            del at_stake[number]

    sizes = [CHUNK_BYTES, 2 * CHUNK_BYTES, PIECE, CHUNK_BYTES // 2, CHUNK_BYTES // 2, PIECE] * 4
    await asyncio.gather(*(request(number, size) for number, size in enumerate(sizes)))
    assert most == CHUNK_BYTES  # never more, and all of it is used
    assert beside > 1


@pytest.mark.parametrize("size", [CHUNK_BYTES - 20 * PIECE, CHUNK_BYTES])
async def test_the_next_one_begins_while_the_store_thinks_as_far_as_one_chunk_goes(
    size: int,
) -> None:
    line = _line(FakeClock(EVENING_MS))
    sent = 0

    async def next_one() -> None:
        nonlocal sent
        async with line.under_way(size) as sender:
            for _ in range(0, size, PIECE):
                await sender.send(PIECE)
                sent += PIECE

    async with line.under_way(size) as sender:
        following = asyncio.ensure_future(next_one())
        for _ in range(0, size, PIECE):
            assert sent == 0
            await sender.send(PIECE)
        for _ in range(200):
            await asyncio.sleep(0)
        assert sent == CHUNK_BYTES - size
    await following
    assert sent == size


async def test_on_a_thin_line_the_next_one_waits_for_the_reply() -> None:
    clock = FakeClock(EVENING_MS)
    line = _line(clock)
    begun = asyncio.Event()

    async def next_one() -> None:
        async with line.under_way(CHUNK_BYTES):
            begun.set()

    async with line.under_way(CHUNK_BYTES - PIECE) as sender:
        following = asyncio.ensure_future(next_one())
        for _ in range(PIECE, CHUNK_BYTES, PIECE):
            clock.advance(8 * PIECE / 5e6)
            await sender.send(PIECE)
        for _ in range(200):
            await asyncio.sleep(0)
        assert not begun.is_set()
    await following
    assert begun.is_set()


async def test_what_was_answered_counts_until_its_pack_is_journalled() -> None:
    """A kill in between would send it again, beside what was begun meanwhile."""
    line = _line(FakeClock(EVENING_MS))
    answered, journalled, begun = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def pack() -> None:
        async with line.carrying(records=False):
            for _ in range(2):  # parts: the store has the first when the second begins
                async with line.under_way(CHUNK_BYTES) as sender:
                    await sender.send(CHUNK_BYTES)
            answered.set()
            await journalled.wait()

    async def next_one() -> None:
        await answered.wait()
        async with line.carrying(records=False), line.under_way(PIECE) as sender:
            await sender.send(PIECE)
            begun.set()

    both = [asyncio.ensure_future(pack()), asyncio.ensure_future(next_one())]
    await answered.wait()
    for _ in range(200):
        await asyncio.sleep(0)
    assert not begun.is_set()
    journalled.set()
    await asyncio.gather(*both)
    assert begun.is_set()


async def test_of_a_session_only_what_is_on_its_way_is_at_stake() -> None:
    line = _line(FakeClock(EVENING_MS))
    together = asyncio.Barrier(CHUNK_BYTES // ON_ITS_WAY_BYTES)

    async def session() -> None:
        async with line.under_way(2 * CHUNK_BYTES, ON_ITS_WAY_BYTES) as sender:
            await together.wait()  # as many as fit into a chunk have begun
            for _ in range(0, 2 * CHUNK_BYTES, PIECE):
                await sender.send(PIECE)

    await asyncio.gather(*(session() for _ in range(2 * together.parties)))
