"""A real coturn on loopback, relaying from an address of its own."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId

RELAY_ADDRESS = "127.77.0.1"


class Now:
    """The machine's clock: coturn compares credentials with it. `shift_ms` lies about it."""

    shift_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.shift_ms

    def monotonic(self) -> float:
        return time.monotonic()


class Random:
    def new_id(self) -> str:
        return secrets.token_hex(16)

    def secret(self, length: int) -> bytes:
        return secrets.token_bytes(length)

    def code(self, length: int) -> str:
        return "X" * length


@pytest.fixture
def clock() -> Now:
    return Now()


@pytest.fixture
def exam() -> ExamId:
    return ExamId(secrets.token_hex(16))


@pytest.fixture
def plan() -> RelayPlan:
    return RelayPlan(relay_address=RELAY_ADDRESS, listen="127.0.0.1", port=0)


@pytest.fixture
async def relay(plan: RelayPlan, tmp_path: Path, clock: Now) -> AsyncIterator[Coturn]:
    relay = Coturn(plan, run=tmp_path, clock=clock, randomness=Random())
    yield relay
    await relay.stop_all()
