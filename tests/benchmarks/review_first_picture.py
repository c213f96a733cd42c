"""From the click on an attempt to its first picture, over a line of 20 Mbit/s and 40 ms.

Object store and database are reached through a user-space line (tests/support/slow_line.py) of that
speed and 20 ms each way; the page runs in Chromium. In the same run the same page without the line
is the baseline, so that the machine's own load shows. Also what the line carried: of an attempt of
many snippets only the first two may come.

    python -m tests.benchmarks.review_first_picture --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Browser, async_playwright

from appliance.config.box import CloudConfig
from appliance.processes.cloud_ends import cloud_ends
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.review.page import ReviewPage
from tests.support import closed_exam
from tests.support.archived_exam import ArchivedExam, archived_exam
from tests.support.clips import snippet
from tests.support.slow_line import Line, slow_line

_BITS_S, _DELAY_S = 20e6, 0.020
_ROUNDS, _CANDIDATES, _SNIPPETS, _SNIPPET_S = 5, 8, 24, 10.0
_PAINTED = """() => new Promise((done) => {
  const look = () => {
    const video = document.querySelector("video:not([hidden])");
    if (video && video.readyState >= 2 && video.videoWidth) requestAnimationFrame(() => done(true));
    else requestAnimationFrame(look);
  };
  look();
})"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    # Footage as a browser records it, in the place of the tests' tiny one.
    vars(closed_exam)["tiny_webm"] = lambda number: snippet(
        start_s=_SNIPPET_S * (number % 5), seconds=_SNIPPET_S, sound=True
    )
    closed_exam.SNIPPET_S = _SNIPPET_S
    with tempfile.TemporaryDirectory() as place:
        servers = CloudServers(Path(place) / "cloud")
        servers.start()
        try:
            document = asyncio.run(_measure(Path(place), servers))
        finally:
            servers.stop()
    if as_json:
        print(json.dumps(document, indent=2))
        return
    for name, value in document.items():
        print(f"{name}: {value}")


async def _measure(place: Path, servers: CloudServers) -> dict[str, object]:
    direct = servers.config(place / "records.uri")
    async with (
        archived_exam(place / "box", direct, snippets=_SNIPPETS) as archived,
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        near = [await _once(place, archived, browser, direct, n) for n in range(_ROUNDS)]
        far, carried = [], []
        for number in range(_ROUNDS):
            line = Line(bits_per_s=_BITS_S, delay_s=_DELAY_S)
            async with _over(line, place, servers, direct) as config:
                far.append(await _once(place, archived, browser, config, _ROUNDS + number))
            carried.append(line.carried)
        await browser.close()
        size = sum(
            len(content)
            for (attempt, _, _), content in archived.made.plain.items()
            if attempt == archived.made.attempts[0]
        )
    return {
        "line_mbit_s": _BITS_S / 1e6,
        "delay_ms": 2000 * _DELAY_S,
        "first_picture_ms_median": round(statistics.median(click for click, _ in far)),
        "first_picture_ms_worst": round(max(click for click, _ in far)),
        "from_the_list_ms_median": round(statistics.median(whole for _, whole in far)),
        "baseline_first_picture_ms_median": round(statistics.median(click for click, _ in near)),
        "line_bytes_median": round(statistics.median(carried)),
        "attempt_bytes": size,
    }


async def _once(
    place: Path, archived: ArchivedExam, browser: Browser, config: CloudConfig, number: int
) -> tuple[float, float]:
    """Milliseconds from the click on the attempt, and from the click on its exam, whose manifests
    and records are then fetched and checked first."""
    loop = asyncio.get_running_loop()
    async with cloud_ends(config) as ends:
        desk = archived.desk(place / f"receipts {number}", ends=ends)
        async with ReviewPage(desk).serve() as address:
            context = await browser.new_context(locale="en")
            page = await context.new_page()
            await page.goto(address)
            exam = page.get_by_role("link", name="Exam of").first
            await exam.wait_for()
            opened = loop.time()
            await exam.click()
            attempt = page.get_by_role("link", name="A1", exact=True)
            await attempt.wait_for()
            clicked = loop.time()
            await attempt.click()
            await page.locator(".stage").wait_for()
            await page.evaluate(_PAINTED)
            done = loop.time()
            await context.close()
    return 1000 * (done - clicked), 1000 * (done - opened)


@asynccontextmanager
async def _over(
    line: Line, place: Path, servers: CloudServers, direct: CloudConfig
) -> AsyncIterator[CloudConfig]:
    """The same cloud at the other end of `line`, which both servers share."""
    objects = urlsplit(servers.endpoint).port or 0
    records = urlsplit(servers.records_uri.split("?")[0]).port or 0
    async with AsyncExitStack() as stack:
        there = await stack.enter_async_context(slow_line(line, objects))
        database = await stack.enter_async_context(slow_line(line, records))
        uri = place / "slow.uri"
        uri.write_text(servers.records_uri.replace(f":{records}/", f":{database}/"))
        yield replace(direct, endpoint=f"http://127.0.0.1:{there}", records_uri_file=uri)


if __name__ == "__main__":
    main()
