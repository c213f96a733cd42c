"""A hall that comes back from a cut: `python -m tests.benchmarks.returning_hall --json`.

The same candidates twice against a real gateway: with the pace it asks for, and, as the baseline,
without. The client shares the machine with the box, so its own work is in the times of both.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from pathlib import Path

from tests.support.box import running_box
from tests.support.returning_hall import Returned, come_back, seated


async def measure(candidates: int, snippets: int) -> dict[str, float | int]:
    paced = await _return(candidates, snippets, paced=True)
    storm = await _return(candidates, snippets, paced=False)
    return {
        "candidates": candidates,
        "snippets": candidates * snippets,
        "ack_p99_ms": round(paced.p99_ms),
        "storm_ack_p99_ms": round(storm.p99_ms),
        "p99_to_storm": round(paced.p99_ms / storm.p99_ms, 2),
        "server_errors": paced.server_errors,
        "snippets_per_s": round(candidates * snippets / paced.seconds),
        "storm_snippets_per_s": round(candidates * snippets / storm.seconds),
    }


async def _return(candidates: int, snippets: int, *, paced: bool) -> Returned:
    """To a box of its own: one address may not join for two halls within a minute."""
    with tempfile.TemporaryDirectory(prefix="hv-") as directory:
        async with running_box(Path(directory)) as box:
            hall = await seated(box, await box.login(), candidates)
            return await come_back(hall, snippets, paced=paced)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=200)
    parser.add_argument("--snippets", type=int, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = asyncio.run(measure(asked.candidates, asked.snippets))
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:24}{value:>10}")


if __name__ == "__main__":
    main()
