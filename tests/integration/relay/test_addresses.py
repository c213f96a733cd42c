"""A relay that listens everywhere answers over UDP as the address that was asked."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

from aioice import stun

from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random

BOX, CANDIDATE = "127.0.0.9", "127.0.0.1"  # by the route back, the box would be 127.0.0.1 too


def answered_by(port: int) -> str:
    """Who answers a binding request to BOX, asked until somebody does."""
    request = bytes(
        stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind((CANDIDATE, 0))
        asking.settimeout(1.0)
        for _ in range(60):
            asking.sendto(request, (BOX, port))
            try:
                return str(asking.recvfrom(512)[1][0])
            except TimeoutError:
                continue
    return ""


async def test_each_address_answers_as_itself(tmp_path: Path, exam: ExamId, clock: Now) -> None:
    relay = Coturn(
        RelayPlan(relay_address=RELAY_ADDRESS, listen="0.0.0.0", port=0),
        run=tmp_path,
        clock=clock,
        randomness=Random(),
        own_addresses=lambda: [BOX],
    )
    await relay.start(exam)
    try:
        url = relay.credential(exam, ViewId("a" * 32), host=BOX).urls[0]
        port = int(url.split(":")[2].split("?")[0])
        assert await asyncio.to_thread(answered_by, port) == BOX
    finally:
        await relay.stop_all()
