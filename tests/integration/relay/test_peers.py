"""Whom coturn relays to: its own relay address and nobody else.

The IPv4-mapped rows are the bypass of CVE-2026-27624, which Debian's coturn 4.6.1 has; they are
refused because of the IPv4-only relay address and the denial of all of IPv6.
"""

from __future__ import annotations

import pytest

from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from tests.integration.relay.conftest import RELAY_ADDRESS
from tests.support.turn_client import allocation

_FORBIDDEN = (
    "127.0.0.1",
    "127.77.0.2",
    "127.255.255.254",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "8.8.8.8",
    "224.0.0.251",
    "255.255.255.255",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:127.77.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "fe80::1",
    "fd00::2",
    "ff02::fb",
    "2001:4860:4860::8888",
)
_REFUSALS = {
    403,  # forbidden
    440,  # address family not supported
    443,  # peer address family mismatch
}


@pytest.mark.parametrize("peer", _FORBIDDEN)
async def test_everybody_else_is_refused(relay: Coturn, exam: ExamId, peer: str) -> None:
    await relay.start(exam)
    async with allocation(relay.credential(exam, ViewId("a" * 32), host="127.0.0.1")) as allocated:
        assert await allocated.permission(peer) in _REFUSALS
        assert await allocated.channel(peer) in _REFUSALS


async def test_the_other_end_of_a_view_is_reached(relay: Coturn, exam: ExamId) -> None:
    await relay.start(exam)
    async with allocation(relay.credential(exam, ViewId("a" * 32), host="127.0.0.1")) as allocated:
        assert allocated.address[0] == RELAY_ADDRESS
        assert await allocated.permission(RELAY_ADDRESS) == 0
        assert await allocated.channel(RELAY_ADDRESS) == 0
