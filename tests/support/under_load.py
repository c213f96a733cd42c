"""A class that goes on sending whatever happens to the box, and remembers what it was promised."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp

from appliance.rehearsal.page_key import PageKey
from tests.support.box import RealBox
from tests.support.box_api import BoxApi, Prepared
from tests.support.invariants import Kept
from tests.support.tiny_webm import tiny_webm

# What a page tries again, as the page's own code does: everything that is not its own fault.
_AGAIN = frozenset({423, 429, 500, 503, 507})
_PATIENCE_S = 100.0
# As much as a page can have recorded, and then as a camera goes on: of more than that the box takes
# its time (`core/upload_allowance.py`).
_AT_ONCE, _APART_S = 650, 3.0


@dataclass(slots=True)
class Load:
    """`acknowledged` counts; `answers` are the statuses of all answers; `attempts` by page.

    `send` False: pages wait. `origin` says where they send: it may be changed (a line between)."""

    kept: Kept
    pages: list[BoxApi] = field(default_factory=list)
    attempts: list[str] = field(default_factory=list)
    acknowledged: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)  # what the box said with them
    unreachable: int = 0
    last_sequence: dict[str, int] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    _moved: asyncio.Condition = field(default_factory=asyncio.Condition)
    _stopping: bool = False

    async def more(self, count: int) -> None:
        """Wait until `count` more are acknowledged."""
        await self.until(self._beyond(self.acknowledged + count))

    def _beyond(self, goal: int) -> Callable[[], bool]:
        return lambda: self.acknowledged >= goal

    async def until(self, condition: Callable[[], bool]) -> None:
        """Looked at whenever an answer, or none, has come."""
        async with asyncio.timeout(_PATIENCE_S), self._moved:
            await self._moved.wait_for(lambda: bool(self.surprises) or condition())
        assert not self.surprises, self.surprises

    async def send(self, page: BoxApi, attempt: str) -> None:
        """Until told to stop; the snippet that is under way then is seen through."""
        while not self._stopping:
            sequence = self.last_sequence.get(attempt, 0) + 1
            if sequence > _AT_ONCE:
                await asyncio.sleep(_APART_S)
            media = tiny_webm(sequence % 8)
            while not await self._sent(page, attempt, sequence, media):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _sent(self, page: BoxApi, attempt: str, sequence: int, media: bytes) -> bool:
        done = False
        try:
            reply = await page.upload(sequence, media)
        except (aiohttp.ClientError, TimeoutError, OSError):
            self.unreachable += 1
        else:
            self.answers[reply.status] += 1
            if reply.status == 201:
                self.kept.promise(attempt, sequence, media)
                self.acknowledged += 1
                self.last_sequence[attempt] = sequence
                done = True
            elif reply.status in _AGAIN:
                self.refusals[str(reply.json["detail"])] += 1
            else:
                self.surprises.append(f"{reply.status} {reply.body[:300]!r}")
                done = True
        async with self._moved:
            self._moved.notify_all()
        return done or (self._stopping and not done and bool(self.surprises))

    def stop(self) -> None:
        self._stopping = True


def roster(candidates: int) -> str:
    rows = [f"Kandidat {n},{n},A{n},Aula,0" for n in range(1, candidates + 1)]
    return "\n".join(["name,number,seat,hall,extra_minutes", *rows, ""])


@asynccontextmanager
async def under_load(
    box: RealBox, exam: Prepared, kept: Kept | None = None, *, origin: str = ""
) -> AsyncIterator[Load]:
    """Everybody of the exam's roster sits down and sends. At the end they see their last snippet
    through, so the box must answer then."""
    load = Load(kept or Kept())
    for code in exam.seats.values():
        page = BoxApi(box.origin, box.tls())
        load.pages.append(page)
        joined = await page.join(exam.code, code, PageKey())
        load.attempts.append(joined.json["attempt"])
        await page.check_in()
        page.origin = origin or page.origin
    sending = [
        asyncio.create_task(load.send(*one)) for one in zip(load.pages, load.attempts, strict=True)
    ]
    try:
        yield load
        load.stop()
        async with asyncio.timeout(_PATIENCE_S):
            await asyncio.gather(*sending)
        assert not load.surprises, load.surprises
    finally:
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        for page in load.pages:
            await page.close()
        await asyncio.sleep(0.05)  # TLS transports close a few loop rounds later
