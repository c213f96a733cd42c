"""Whom coturn relays to: its own relay address and nobody else.

The IPv4-mapped rows are the bypass of CVE-2026-27624, which Debian's coturn 4.6.1 has; they are
refused because of the IPv4-only relay address and the denial of all of IPv6. Tried with a relay on
loopback, where coturn is told to let loopback peers pass, and with one set up as on a box, where it
is not and the machine has a card.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId
from tests.integration.relay.conftest import RELAY_ADDRESS
from tests.support.box import ROOT, clean_environment
from tests.support.peer_matrix import CARD, CARD_6, ON_A_BOX, answers

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
    "::",
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
_OF_THE_BOX = (
    CARD,  # its address on the LAN
    "10.77.0.20",  # a neighbour there
    "10.77.0.255",
    CARD_6,
    f"::ffff:{CARD}",
    "198.18.77.2",  # the next exam's relay
    f"::ffff:{ON_A_BOX}",
    "127.77.0.1",
)
_REFUSALS = {
    403,  # forbidden
    440,  # address family not supported
    443,  # peer address family mismatch
}


def _let_through(got: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {peer: codes for peer, codes in got.items() if not set(codes) <= _REFUSALS}


async def test_a_relay_on_loopback_reaches_the_other_end_of_a_view_and_nobody_else(
    relay: Coturn, exam: ExamId
) -> None:
    await relay.start(exam)
    address, got = await answers(relay, exam, "127.0.0.1", (*_FORBIDDEN, RELAY_ADDRESS))
    assert address == RELAY_ADDRESS
    assert _let_through(got) == {RELAY_ADDRESS: (0, 0)}


@pytest.mark.skipif(os.geteuid() != 0, reason="a network namespace needs root")
async def test_a_relay_as_on_a_box_reaches_no_address_of_that_box(tmp_path: Path) -> None:
    peers = (*_FORBIDDEN, *_OF_THE_BOX, ON_A_BOX)
    child = await asyncio.create_subprocess_exec(
        *("unshare", "-n", sys.executable, "-m", "tests.support.peer_matrix"),
        *(str(tmp_path / "run"), *peers),
        cwd=ROOT,
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, said = await child.communicate()
    assert child.returncode == 0, said.decode()[-2000:]
    address, told = json.loads(out.splitlines()[-1])
    got = {peer: (permission, channel) for peer, (permission, channel) in told.items()}
    assert address == ON_A_BOX
    assert set(got) == set(peers)
    assert _let_through(got) == {ON_A_BOX: (0, 0)}
