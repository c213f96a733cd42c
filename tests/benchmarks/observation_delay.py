"""From a snippet to the console: `python -m tests.benchmarks.observation_delay --json`.

A real box (gateway, relay, one media worker on one core), a class of simulated candidates that
upload real video over TLS, and a console that follows the feed. At every fifth seat nobody is in
view for two snippets, at some time of its own. The delay is from the moment the upload of the
snippet begins whose pictures the observation rests on (so the sending is in it) to the incident's
arrival on the feed. `left_out_s` says for how long in that time the box left something out for want
of power. All metrics are on; sound is costed apart (`models bench`) and off here.

The class is 80 % of what one core must hold (300 candidates). The candidates are simulated on the
same machine, so it is busier than a box would be.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import statistics
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.core.attempt import AttemptState
from appliance.core.ids import ExamId
from appliance.core.observation import ObservationKind
from appliance.processes.log_lines import say_nothing
from appliance.rehearsal.box_meter import BoxMeter
from appliance.rehearsal.candidate_client import Answered, CandidateClient
from appliance.rehearsal.invigilator_client import InvigilatorClient
from appliance.rehearsal.prepared_footage import ClassFootage
from appliance.rehearsal.school import LEAD, School
from appliance.rehearsal.simulated_candidate import SimulatedCandidate

LOAD = round(0.8 * 300)  # candidates
SNIPPET_S = 10.0
STAGED_EVERY = 5
_SETTINGS = f"""\
[exam]
title = "Benchmark"
language = "en"
duration_minutes = 60
[features]
video_snippets = true
face_photo = true
track_misuse_metrics = true
[basis]
legal_basis = "staged footage, no pupils"
dpia_reference = "no personal data"
[capture]
snippet_seconds = {SNIPPET_S:.0f}
[retention]
days = 1
[sync]
what = "none"
"""


@dataclass(slots=True)
class Sitting:
    candidate: SimulatedCandidate
    staged: bool
    seat: str

    def delay_s(self, at: float, sequence: int) -> float:
        tally = self.candidate.tally
        return at - (tally.acknowledged_at[sequence - 1] - tally.upload_s[sequence - 1])


async def measure(candidates: int, seconds: float) -> dict[str, Any]:
    """Raise Unreachable when box or class cannot be brought up."""
    footage = await asyncio.to_thread(ClassFootage, SNIPPET_S, sound=False)
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hv-delay-")))
        school = School(directory, with_cloud=False)
        await school.found()
        _one_worker(school.state / "box.toml")
        await school.open_doors(directory / "box.log")
        stack.push_async_callback(school.shut)
        console = InvigilatorClient(school.origin, school.tls())
        stack.push_async_callback(console.close)
        await console.login(LEAD, school.passphrases.lead)
        exam, code, slips = await _prepare(console, candidates)
        console.follow(exam)
        sittings = [
            await _sit(stack, school, footage, n, slip, code, seconds)
            for n, slip in enumerate(slips)
        ]
        gate = asyncio.Semaphore(8)
        await asyncio.gather(*(_check_in(sitting.candidate, gate) for sitting in sittings))
        await console.until(
            lambda view: all(s.state is not AttemptState.EXPECTED for s in view.seats.values()), 120
        )
        meter = BoxMeter(school.state)
        metering = asyncio.create_task(meter.run())
        await console.start(exam, "a measurement")
        up = asyncio.Event()
        sat = [asyncio.create_task(sitting.candidate.sit_exam(up)) for sitting in sittings]
        await asyncio.sleep(2 * SNIPPET_S)
        meter.begin()
        left_out = await _watch_left_out(console, seconds)
        meter.end()
        up.set()
        await asyncio.gather(*sat)
        await console.until(lambda view: view.box is None or view.box.backlog == 0, 60)
        metering.cancel()
        return _figures(console, sittings, meter, seconds, left_out)


async def _watch_left_out(console: InvigilatorClient, seconds: float) -> dict[str, float]:
    """For how many of the seconds to come the box says that it leaves something out, by what."""
    told: defaultdict[str, float] = defaultdict(float)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while (now := loop.time()) < end:
        await asyncio.sleep(0.5)
        passed = loop.time() - now
        box = console.view.box
        for one in box.left_out if box is not None else ():
            told[str(one)] += passed
    return {name: round(total, 1) for name, total in told.items()}


def _one_worker(config: Path) -> None:
    changed, found = re.subn(r"(\[workers\]\ncount = )\d+", r"\g<1>1", config.read_text())
    assert found == 1
    config.write_text(changed)


async def _prepare(console: InvigilatorClient, candidates: int) -> tuple[ExamId, str, list[Any]]:
    made = await console.call("POST", "/exams", json={"settings_toml": _SETTINGS})
    exam = ExamId(made["exam_id"])
    rows = [f"Simulated {n},{n},{chr(65 + n // 20)}{n % 20 + 1},Hall,0" for n in range(candidates)]
    roster = "\n".join(["name,number,seat,hall,extra_minutes", *rows]) + "\n"
    headers = {"Content-Type": "text/csv"}
    await console.call("PUT", f"/exams/{exam}/roster", data=roster.encode(), headers=headers)
    for state in ("ready", "open"):
        await console.call("POST", f"/exams/{exam}/state", json={"to": state})
    return exam, made["code"], (await console.call("GET", f"/exams/{exam}/slips"))["slips"]


async def _sit(
    stack: contextlib.AsyncExitStack,
    school: School,
    footage: ClassFootage,
    number: int,
    slip: dict[str, str],
    code: str,
    seconds: float,
) -> Sitting:
    client = await stack.enter_async_context(CandidateClient(school.origin, school.tls()))
    staged = None
    if number % STAGED_EVERY == 0:  # after two snippets, and so that it is seen before the end
        start = SNIPPET_S * random.randrange(2, max(3, int(seconds / SNIPPET_S) - 1))
        staged = (start, start + 2 * SNIPPET_S)
    candidate = SimulatedCandidate(
        client,
        footage.candidate(number, staged),
        exam_code=code,
        seat_code=slip["seat_code"],
        first_snippet=random.uniform(0.1, 1.0),
    )
    stack.push_async_callback(candidate.leave)
    return Sitting(candidate, staged is not None, slip["seat"])


async def _check_in(candidate: SimulatedCandidate, gate: asyncio.Semaphore) -> None:
    async with gate:
        while True:
            try:
                return await candidate.check_in()
            except Answered as no:
                if no.retry_after_s is None:
                    raise
                await asyncio.sleep(no.retry_after_s)


def _figures(
    console: InvigilatorClient,
    sittings: list[Sitting],
    meter: BoxMeter,
    seconds: float,
    left_out: dict[str, float],
) -> dict[str, Any]:
    of_seat = {seat.attempt_id: seat.seat for seat in console.view.seats.values()}
    by_seat = {sitting.seat: sitting for sitting in sittings}
    delays = [
        by_seat[of_seat[attempt]].delay_s(console.first_seen[(attempt, kind)], sequence)
        for (attempt, kind), sequence in console.first_shown_by.items()
        if kind is ObservationKind.NOBODY_IN_VIEW
        if by_seat[of_seat[attempt]].staged
    ]
    spread = statistics.quantiles(delays, n=20, method="inclusive") if len(delays) > 1 else []
    return {
        "candidates": len(sittings),
        "workers": 1,
        "seconds": seconds,
        "snippets": sum(s.candidate.tally.acknowledged for s in sittings),
        "lost": sum(s.candidate.tally.recorded - s.candidate.tally.acknowledged for s in sittings),
        "staged": sum(s.staged for s in sittings),
        "observed": len(delays),
        "delay_median_s": round(statistics.median(delays), 3) if delays else None,
        "delay_p95_s": round(spread[-1], 3) if spread else None,
        "delay_max_s": round(max(delays), 3) if delays else None,
        "box_cpu_cores": round(meter.cores_used, 2),
        "left_out_s": left_out,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--candidates", type=int, default=LOAD)
    parser.add_argument("--seconds", type=float, default=60.0, help="measured, after 20 s")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    say_nothing()
    figures = asyncio.run(measure(given.candidates, given.seconds))
    if given.json:
        print(json.dumps(figures, indent=2))
    else:
        print(
            f"{figures['observed']} of {figures['staged']} observed, half within "
            f"{figures['delay_median_s']} s, 95 of 100 within {figures['delay_p95_s']} s."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
