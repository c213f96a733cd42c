"""What a relay of ours answers about peers, each asked for in both ways TURN has.

    unshare -n python -m tests.support.peer_matrix DIRECTORY PEER ...

Run so, the relay is set up as on a box: in a network of its own with a card (`CARD`, `CARD_6`), on
every address, relaying from one on the loopback device that only it uses. Prints one JSON document.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from tests.support.turn_client import allocation

CARD, CARD_6, ON_A_BOX = "10.77.0.1", "fd77::1", "198.18.77.1"
_CARD_IS_USABLE_S = 20.0


async def answers(
    relay: Coturn, exam: ExamId, host: str, peers: Iterable[str]
) -> tuple[str, dict[str, tuple[int, int]]]:
    """The relayed address, and of each peer what CreatePermission and ChannelBind got: 0 or the
    error code."""
    async with allocation(relay.credential(exam, ViewId("a" * 32), host=host)) as allocated:
        got = {
            peer: (await allocated.permission(peer), await allocated.channel(peer))
            for peer in peers
        }
        return allocated.address[0], got


async def _as_on_a_box(directory: Path, peers: list[str]) -> tuple[str, dict[str, tuple[int, int]]]:
    plan = RelayPlan(relay_address=ON_A_BOX)
    relay = Coturn(plan, run=directory, clock=SystemClock(), randomness=SystemRandomness())
    exam = ExamId(secrets.token_hex(16))
    await relay.start(exam)
    try:
        return await answers(relay, exam, CARD, peers)
    finally:
        await relay.stop_all()


def _network() -> None:
    for words in (
        "link set lo up",
        f"address add {ON_A_BOX}/32 dev lo",
        "link add card type veth peer name cable",
        f"address add {CARD}/24 dev card",
        f"address add {CARD_6}/64 dev card nodad",
        "link set card up",
        "link set cable up",
    ):
        subprocess.run(["ip", *words.split()], check=True)
    deadline = time.monotonic() + _CARD_IS_USABLE_S
    while "LOWER_UP" not in _card() or "tentative" in _card():
        assert time.monotonic() < deadline, _card()
        time.sleep(0.05)


def _card() -> str:
    return subprocess.run(
        ["ip", "address", "show", "dev", "card"], check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    _network()
    print(json.dumps(asyncio.run(_as_on_a_box(Path(sys.argv[1]), sys.argv[2:]))))
