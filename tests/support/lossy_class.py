"""A class behind a bad line, in a network namespace of its own.

    unshare -n python -m tests.support.lossy_class STATE PORT SNIPPETS

`STATE` is a box that was made and does not run. Of the packets each way every twentieth is lost
(nft; counted, so that a short class loses some for certain), everything takes 150 ms each way (a
proxy in user space, for netem is absent from some kernels). Prints one JSON document, with how many
packets were lost each way; the caller looks at the state afterwards.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from pathlib import Path

from tests.support.box import RealBox
from tests.support.slow_line import Line, slow_line
from tests.support.under_load import roster, under_load

PAGES, LOST_OF, ONE_WAY_S = 4, 20, 0.15
_AT_A_TIME = 8  # what is waited for has its own patience, however long the whole takes
_RULES = """
table inet lossy {{
  chain out {{
    type filter hook output priority 0;
    tcp sport {port} numgen inc mod {lost_of} == 0 counter drop
    tcp dport {port} numgen inc mod {lost_of} == 0 counter drop
  }}
}}
"""


async def _class(state: Path, port: int, snippets: int) -> dict[str, object]:
    box = RealBox(state, port)
    await box.start()
    try:
        exam = await box.new_exam(await box.login(), roster=roster(PAGES))
        async with slow_line(Line(bits_per_s=20e6, delay_s=ONE_WAY_S), port) as proxy:
            rules = _RULES.format(port=proxy, lost_of=LOST_OF)
            await asyncio.to_thread(_run, ["nft", "-f", "-"], rules)
            began = time.monotonic()
            origin = f"https://127.0.0.1:{proxy}"
            async with under_load(box, exam, origin=origin) as load:
                for _ in range(0, snippets, _AT_A_TIME):
                    await load.more(_AT_A_TIME)
            took = time.monotonic() - began
            lost = await asyncio.to_thread(_lost)
        return {
            "acknowledged": [[*key, digest] for key, digest in load.kept.acknowledged.items()],
            "answers": dict(load.answers),
            "seconds": took,
            "lost": lost,
        }
    finally:
        await box.stop()


def _lost() -> list[int]:
    """Packets, by rule."""
    ruleset = json.loads(_run(["nft", "--json", "list", "ruleset"], ""))["nftables"]
    rules = [entry["rule"]["expr"] for entry in ruleset if "rule" in entry]
    return [part["counter"]["packets"] for rule in rules for part in rule if "counter" in part]


def _run(command: list[str], given: str) -> str:
    done = subprocess.run(command, input=given, text=True, check=True, capture_output=True)
    return done.stdout


if __name__ == "__main__":
    _run(["ip", "link", "set", "lo", "up"], "")
    print(json.dumps(asyncio.run(_class(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))))
