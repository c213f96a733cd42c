"""A hall whose network was cut: candidates with snippets on their disks who all come back at once.

They do as the page does (`web/static/uploader.js`): within some seconds of each other, one snippet
after another, oldest first, and with the pause that each answer asks for, unless told to storm.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from dataclasses import dataclass, field

from appliance.rehearsal.page_key import PageKey
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi
from tests.support.tiny_webm import tiny_webm

HURRY_WITHIN_S = 12.0  # HURRY_WITHIN_MS of the page
_AT_A_TIME = 16  # check-ins


@dataclass(slots=True)
class Returned:
    """`ack_ms`: from the first byte to the acknowledgement of each snippet that was taken."""

    ack_ms: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    longest_wait_ms: int = 0
    seconds: float = 0.0

    @property
    def p99_ms(self) -> float:
        return statistics.quantiles(self.ack_ms, n=100)[-1]

    @property
    def server_errors(self) -> int:
        return sum(count for status, count in self.statuses.items() if status >= 500)


async def seated(box: RealBox, lead: BoxApi, candidates: int) -> list[BoxApi]:
    """Checked in to a live exam of their own. One connection each, as browsers have."""
    rows = [f"Kandidat {n},{n},A{n},Aula,0" for n in range(candidates)]
    roster = "\n".join(["name,number,seat,hall,extra_minutes", *rows, ""])
    exam = await box.new_exam(lead, SETTINGS, roster)
    few = asyncio.Semaphore(_AT_A_TIME)

    async def sit_down(seat_code: str) -> BoxApi:
        async with few:
            page = box.api()
            assert (await page.join(exam.code, seat_code, PageKey())).status == 201
            await page.check_in()
            return page

    return list(await asyncio.gather(*map(sit_down, exam.seats.values())))


async def come_back(pages: list[BoxApi], snippets: int, *, paced: bool, after: int = 0) -> Returned:
    """Everybody sends `snippets` of theirs, those after number `after`; returns when all are
    acknowledged."""
    found, began = Returned(), time.monotonic()
    chance = random.Random(1)

    async def send_all(page: BoxApi, after_s: float) -> None:
        await asyncio.sleep(after_s)
        for number in range(after + 1, after + snippets + 1):
            while True:
                asked = time.monotonic()
                reply = await page.upload(number, tiny_webm(number % 8))
                found.statuses[reply.status] = found.statuses.get(reply.status, 0) + 1
                if reply.status == 201:
                    break
                await asyncio.sleep(float(reply.headers.get("Retry-After", 1)))
            found.ack_ms.append(1000 * (time.monotonic() - asked))
            wait_ms = int(reply.json["wait_ms"])
            found.longest_wait_ms = max(found.longest_wait_ms, wait_ms)
            if paced:
                await asyncio.sleep(wait_ms / 1000)
        assert reply.json["acknowledged"] == after + snippets

    spread = HURRY_WITHIN_S if paced else 0.0
    await asyncio.gather(*(send_all(page, chance.random() * spread) for page in pages))
    found.seconds = time.monotonic() - began
    return found
