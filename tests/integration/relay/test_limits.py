"""What one exam's relay gives at most, tried with coturn's own client and with allocations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aioice import stun

from appliance.adapters.relay.configuration import ALLOCATIONS_PER_VIEW, RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from appliance.rehearsal.free_ports import free_port
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random
from tests.support.relay_load import LoadedRelay, leg, peer
from tests.support.turn_client import allocation

_SECRET = bytes(32)


class _Known(Random):
    def secret(self, length: int) -> bytes:
        return _SECRET


@pytest.fixture
async def relay(exam: ExamId, tmp_path: Path, clock: Now) -> AsyncIterator[Coturn]:
    plan = RelayPlan(
        relay_address=RELAY_ADDRESS,
        listen="127.0.0.1",
        port=0,
        views_per_exam=3,
        bytes_per_second=50_000,
    )
    relay = Coturn(plan, run=tmp_path, clock=clock, randomness=_Known())
    await relay.start(exam)
    yield relay
    await relay.stop_all()


def _view(number: int) -> ViewId:
    return ViewId(f"{number:032x}")


async def test_no_more_allocations_than_views_need(relay: Coturn, exam: ExamId) -> None:
    """One view has both its ends' ways and not one more; all views together have their number, and
    the next is refused whoever asks."""
    async with AsyncExitStack() as held:

        async def asked(view: int) -> int:
            """0, or the error code of the relay."""
            credential = relay.credential(exam, _view(view), host="127.0.0.1")
            try:
                await held.enter_async_context(allocation(credential))
            except stun.TransactionFailed as refused:
                return int(refused.response.attributes["ERROR-CODE"][0])
            return 0

        assert [await asked(1) for _ in range(ALLOCATIONS_PER_VIEW + 1)] == [
            *([0] * ALLOCATIONS_PER_VIEW),
            486,
        ]
        others = [await asked(number) for number in range(2, 7)]
        assert others == [0, 0, 0, 0, 486]


async def test_a_leg_carries_what_it_may_and_no_more(relay: Coturn, exam: ExamId) -> None:
    urls = relay.credential(exam, _view(1), host="127.0.0.1").urls
    target = (RELAY_ADDRESS, free_port())
    loaded = LoadedRelay(
        host="127.0.0.1",
        port=int(urls[0].split(":")[2].split("?")[0]),
        secret=_SECRET.hex(),
        peer=target,
    )
    async with peer(*target):
        within, beyond = await asyncio.gather(
            leg(loaded, "within", bytes_per_second=25_000, seconds=1.5),
            leg(loaded, "beyond", bytes_per_second=500_000, seconds=1.5),
        )
    assert within.received == within.sent > 0
    assert not beyond.refused
    assert 0 < beyond.received < beyond.sent / 3  # ten times as much as a leg may
