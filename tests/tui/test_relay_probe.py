"""UDP to the relay, asked for with real sockets: answered, silent, refused."""

from __future__ import annotations

import pytest

from appliance.rehearsal.free_ports import free_port
from tests.support.stun_relay import relay
from tui.relay_probe import answers_over_udp

PATIENT_S = 30.0  # an answer ends the wait


@pytest.mark.parametrize("hears", [1, 3])  # the third: two packets were lost
async def test_a_relay_that_answers_is_open_also_when_packets_are_lost(hears: int) -> None:
    async with relay(hears) as (found, port):
        assert await answers_over_udp("127.0.0.1", port, PATIENT_S)
        assert found.heard >= hears


async def test_silence_ends_with_patience_and_a_refusal_at_once() -> None:
    async with relay(0) as (found, port):
        assert not await answers_over_udp("127.0.0.1", port, 0.15)
        assert found.heard >= 1
    assert not await answers_over_udp("127.0.0.1", free_port(), PATIENT_S)
