"""How soon a live view shows its first picture, and how old what it shows is:
`python -m tests.benchmarks.live_view --json`.

Real parts throughout: a box with its own coturn, candidates' pages in Chromium, the console's own
peer (`tui/live.py`). The key press is the call of `LiveView.run`; the first picture is the first
decoded frame. `latency` runs from drawing a picture on a canvas, the page's camera here, to having
it decoded in the console; a real camera and the terminal's painting come on top.

First one view after another, each opened and ended; then `--views` at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from playwright.async_api import Page

from appliance.core.ids import AttemptId
from appliance.rehearsal.browser import open_browser, walk_to_the_room
from appliance.rehearsal.invigilator_client import InvigilatorClient
from tests.benchmarks.time_barcode import CANVAS_CAMERA, age_ms
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.served_box import LEAD, ServedBox, served
from tui.client import BoxClient
from tui.live import LiveView
from tui.target import Target

AT_ONCE_S = 10.0
FIRST_WITHIN_S = 15.0
_AT_MOST = {"first_picture_ms_median": 500, "latency_ms_median": 120}  # the exit code is 1 beyond


@dataclass(slots=True)
class Watching:
    """One view and what was seen in it."""

    view: LiveView
    began: float
    first_picture: asyncio.Event = field(default_factory=asyncio.Event)
    first_picture_ms: float = 0.0
    ages_ms: list[float] = field(default_factory=list)

    def seen(self, frame: Any) -> None:
        if not self.first_picture.is_set():
            self.first_picture_ms = 1000 * (time.monotonic() - self.began)
            self.first_picture.set()
        if (age := age_ms(frame, time.time() * 1000)) is not None:
            self.ages_ms.append(age)


@contextlib.asynccontextmanager
async def watching(
    room: ExamRoom, client: BoxClient, attempt: AttemptId
) -> AsyncIterator[Watching]:
    """A view from the key press to its first picture; ended with the block."""
    seen: list[Watching] = []
    view = LiveView(client, room.exam, attempt, seen=lambda frame: seen[0].seen(frame))
    seen.append(Watching(view=view, began=time.monotonic()))
    running = asyncio.create_task(view.run())
    try:
        async with asyncio.timeout(FIRST_WITHIN_S):
            await seen[0].first_picture.wait()
        yield seen[0]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@contextlib.asynccontextmanager
async def hall(box: ServedBox, seats: int) -> AsyncIterator[tuple[ExamRoom, BoxClient]]:
    """An exam that is live with `seats` candidates in one browser, and a console that may look."""
    invigilator = InvigilatorClient(box.origin, await asyncio.to_thread(box.tls))
    await invigilator.login(LEAD, box.passphrase)
    room = ExamRoom(authority=box.authority, origin=box.origin, invigilator=invigilator)
    rows = [f"Kandidat {n},{n},A{n},Hall A,0" for n in range(1, seats + 1)]
    roster = "\n".join(["name,number,seat,hall,extra_minutes", *rows, ""])
    await room.open(settings(face_photo=False, audio_presence=False, video_snippets=False), roster)
    target = Target(url=box.origin, ca=box.authority)
    async with open_browser(box.authority) as browser, BoxClient(target) as client:
        await client.login(LEAD, box.passphrase)
        for url in room.urls.values():
            context = await browser.new_context(locale="en", bypass_csp=True)
            page = await context.new_page()
            await page.add_init_script(CANVAS_CAMERA)
            await check_in(page, url)
        await room.to("live")
        yield room, client
        await room.end()
        await invigilator.close()


async def check_in(page: Page, url: str) -> None:
    await page.goto(url)
    await page.wait_for_selector("[data-step=join]:not([hidden])")
    await page.click("#join-form button")
    await walk_to_the_room(page)


async def measure(box: ServedBox, views: int, rounds: int) -> dict[str, float | int]:
    async with hall(box, views) as (room, client):
        attempts = [seat.attempt_id for seat in room.invigilator.view.seats.values()]
        firsts, ages = [], []
        for number in range(rounds):
            async with watching(room, client, attempts[number % views]) as one:
                await asyncio.sleep(1.0)
            firsts.append(one.first_picture_ms)
            ages += one.ages_ms
        together = await _at_once(room, client, attempts)
    return {
        "first_picture_ms_median": round(statistics.median(firsts)),
        "first_picture_ms_worst": round(max(firsts)),
        "latency_ms_median": round(statistics.median(ages)),
        "latency_ms_p95": round(statistics.quantiles(ages, n=20)[-1]),
        **together,
    }


async def _at_once(
    room: ExamRoom, client: BoxClient, attempts: list[AttemptId]
) -> dict[str, float | int]:
    async with contextlib.AsyncExitStack() as open_views:
        cpu = _cpu_s()
        shown = await asyncio.gather(
            *(
                open_views.enter_async_context(watching(room, client, attempt))
                for attempt in attempts
            )
        )
        before = [one.view.frames for one in shown]
        await asyncio.sleep(AT_ONCE_S)
        rates = [(one.view.frames - n) / AT_ONCE_S for one, n in zip(shown, before, strict=True)]
        spent = _cpu_s() - cpu
    ages = [age for one in shown for age in one.ages_ms]
    return {
        "views": len(shown),
        "views_first_picture_ms_median": round(
            statistics.median(o.first_picture_ms for o in shown)
        ),
        "views_latency_ms_median": round(statistics.median(ages)),
        "views_frames_per_s_least": round(min(rates), 1),
        "views_console_cpu_percent": round(100 * spent / AT_ONCE_S),
    }


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextlib.contextmanager
def box_of_its_own(address: str | None = None) -> Iterator[ServedBox]:
    """`address`: another than the loopback's, at which the box is asked."""
    with (
        tempfile.TemporaryDirectory(prefix="hv-") as directory,
        served(Path(directory), network=address) as box,
    ):
        yield box if address is None else replace(box, host=address)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--views", type=int, default=9)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with box_of_its_own() as box:
        figures = asyncio.run(measure(box, asked.views, asked.rounds))
    if asked.json:
        print(json.dumps(figures))
    else:
        for name, value in figures.items():
            print(f"{name:32}{value:>8}")
    missed = [f"{name} is over {most}" for name, most in _AT_MOST.items() if figures[name] > most]
    sys.exit("; ".join(missed) or 0)


if __name__ == "__main__":
    main()
