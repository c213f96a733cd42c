"""What a relay of ours carries: `python -m tests.benchmarks.relay_load --json`.

Twice with coturn's own client and peer: the sixteen views of one exam, each leg at half its limit
(three times what a page sends); and as many legs again and again faster, without that limit, until
more than 1 % is lost. Payload goes there and back; `delivered` counts what came back. Clients share
the machine with the relay, whose own CPU time is given.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

from appliance.adapters.relay.configuration import RelayPlan
from appliance.adapters.relay.coturn import Coturn
from appliance.core.ids import ExamId, ViewId
from appliance.processes.log_lines import say_nothing
from appliance.rehearsal.free_ports import free_port
from tests.integration.relay.conftest import RELAY_ADDRESS, Now, Random
from tests.support.relay_load import LoadedRelay, leg, peer

_EXAM = ExamId("e" * 32)
_SECRET = bytes(range(32))
_MOST_LOST = 0.01
_TICKS = os.sysconf("SC_CLK_TCK")


class _Known(Random):
    def secret(self, length: int) -> bytes:
        return _SECRET


async def measure(legs: int, bytes_per_second: int, limit: int, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as directory:
        plan = RelayPlan(
            relay_address=RELAY_ADDRESS,
            listen="127.0.0.1",
            port=0,
            bytes_per_second=limit,
            exams_at_once=1,
            views_per_exam=legs,  # coturn's client allocates twice for a moment
        )
        relay = Coturn(plan, run=Path(directory), clock=Now(), randomness=_Known())
        await relay.start(_EXAM)
        try:
            url = relay.credential(_EXAM, ViewId("a" * 32), host="127.0.0.1").urls[0]
            target = (RELAY_ADDRESS, free_port())
            port = int(url.split(":")[2].split("?")[0])
            loaded = LoadedRelay(host="127.0.0.1", port=port, secret=_SECRET.hex(), peer=target)
            pid = int((Path(directory) / f"relay-{_EXAM}" / "coturn.pid").read_text())
            before = _cpu_s(pid)
            async with peer(*target):
                carried = await asyncio.gather(
                    *(
                        leg(loaded, str(n), bytes_per_second=bytes_per_second, seconds=seconds)
                        for n in range(legs)
                    )
                )
            used = _cpu_s(pid) - before
        finally:
            await relay.stop_all()
    sent, received = sum(c.sent for c in carried), sum(c.received for c in carried)
    return {
        "sessions": sum(not c.refused for c in carried),
        "offered_mbit_s": round(sent * 8 / 1e6 / seconds, 1),
        "delivered_mbit_s": round(received * 8 / 1e6 / seconds, 1),
        "lost_percent": round(100 * (1 - received / sent), 2),
        "relay_cpu_s": round(used, 2),
        "relay_cpu_percent_of_core": round(100 * used / seconds, 1),
    }


def _cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS


async def both(legs: int, seconds: float) -> dict[str, object]:
    plan = RelayPlan(relay_address=RELAY_ADDRESS)
    within = await measure(legs, plan.bytes_per_second // 2, plan.bytes_per_second, seconds)
    best, rate = None, 250_000
    while rate <= 1_000_000:  # a packet of 1000 bytes each millisecond is what the client can
        now = await measure(legs, rate, 100_000_000, seconds)
        if now["lost_percent"] > 100 * _MOST_LOST:
            break
        best, rate = now, rate * 2
    return {"one_exam": within, "most_without_limit": best, "at": time.strftime("%Y-%m-%d")}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--legs", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    say_nothing()  # the figures alone go to standard output
    figures = asyncio.run(both(asked.legs, asked.seconds))
    print(json.dumps(figures, indent=None if asked.json else 2))


if __name__ == "__main__":
    main()
