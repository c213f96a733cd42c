"""How soon a live view shows a picture where a firewall drops UDP to the relay, at both ends:
`python -m tests.benchmarks.blocked_udp --json`. Needs root: it runs in a network of its own.

Parts and measuring as in `live_view.py`. `first`: neither page nor console knows that UDP is
blocked; `again`: both have found it out.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys

from tests.benchmarks.live_view import box_of_its_own, hall, watching
from tests.e2e.served_box import LEAD, ServedBox
from tests.support.network_namespaces import NetworkNamespaces, ip, run
from tui.client import BoxClient
from tui.target import Target

SEATS = 9
_AT_MOST_MS = 500  # the median of either; the exit code is 1 beyond
_INSIDE = "HALLVAKT_BENCHMARK_INSIDE"
_ADDRESS = "10.77.0.1"  # the box's on the school's network; its own loopback stays open
_RULES = f"""
table inet hv {{
  chain in {{
    type filter hook input priority 0
    ip daddr {_ADDRESS} meta l4proto udp drop
  }}
}}
"""


class _Alone(NetworkNamespaces):
    def __init__(self) -> None:
        super().__init__("blocked")

    def connect(self) -> None:
        name = self.name("blocked")  # a cable with both ends here: browsers make no calls by `lo`
        ip(
            "link",
            "add",
            "school",
            "netns",
            name,
            "type",
            "veth",
            "peer",
            "name",
            "far",
            "netns",
            name,
        )
        ip("-n", name, "address", "add", f"{_ADDRESS}/24", "dev", "school")
        for end in ("school", "far"):
            ip("-n", name, "link", "set", end, "up")
        run(*self.inside("blocked"), "nft", "-f", "-", given=_RULES)


async def measure(box: ServedBox) -> dict[str, int]:
    found: dict[str, list[float]] = {"first": [], "again": []}
    target = await asyncio.to_thread(lambda: Target(url=box.origin, ca=box.authority))
    async with hall(box, SEATS) as (room, _):
        for seat in list(room.invigilator.view.seats.values()):
            async with BoxClient(target) as client:  # one that has not looked yet
                await client.login(LEAD, box.passphrase)
                for times in found.values():
                    async with watching(room, client, seat.attempt_id) as one:
                        await asyncio.sleep(0.5)
                    times.append(one.first_picture_ms)
    return {
        f"{name}_{word}": round(figure(times))
        for name, times in found.items()
        for word, figure in (("ms_median", statistics.median), ("ms_worst", max))
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if _INSIDE not in os.environ:
        with _Alone() as alone:
            again = [*alone.inside("blocked"), sys.executable, "-m", "tests.benchmarks.blocked_udp"]
            sys.exit(subprocess.call([*again, *sys.argv[1:]], env={**os.environ, _INSIDE: "1"}))
    with box_of_its_own(_ADDRESS) as box:
        figures = asyncio.run(measure(box))
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32}{value:>8}")
    slow = [n for n, value in figures.items() if n.endswith("median") and value > _AT_MOST_MS]
    sys.exit("; ".join(f"{name} is over {_AT_MOST_MS}" for name in slow) or 0)


if __name__ == "__main__":
    main()
