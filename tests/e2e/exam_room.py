"""One exam on a real box, with everything a test does as the invigilator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp.payload import BytesPayload

from appliance.core.errors import Unreachable
from appliance.core.feed import HallView, SeatStatus
from appliance.core.ids import ExamId
from appliance.rehearsal.invigilator_client import InvigilatorClient
from tests.support.starting import WHY

SETTINGS = """\
[exam]
title = "Algebra 2"
language = "en"
duration_minutes = 60

[features]
live_view = {live_view}
video_snippets = {video_snippets}
face_photo = {face_photo}
audio_presence = {audio_presence}
track_misuse_metrics = false

[capture]
snippet_seconds = 5

[retention]
days = 30
"""

ROSTER = """\
name,number,seat,hall,extra_minutes
Kandidat Ett,1,A1,Hall A,0
Kandidat Två,2,A2,Hall A,15
"""

FEATURES = {
    "live_view": True,
    "video_snippets": True,
    "face_photo": True,
    "audio_presence": True,
}


def settings(**features: bool) -> str:
    switches = {name: str(features.get(name, on)).lower() for name, on in FEATURES.items()}
    return SETTINGS.format(**switches)


@dataclass(slots=True, kw_only=True)
class ExamRoom:
    """`authority` is what a browser must trust; `urls` the links of the slips, by seat."""

    authority: Path
    origin: str
    invigilator: InvigilatorClient
    exam: ExamId = field(default=ExamId(""))
    code: str = ""
    urls: dict[str, str] = field(default_factory=dict)
    seat_codes: dict[str, str] = field(default_factory=dict)

    async def open(self, settings_toml: str, roster_csv: str = ROSTER) -> None:
        """Create an exam with the roster and open it for check-in."""
        created = await self.call("POST", "/exams", json={"settings_toml": settings_toml})
        self.exam, self.code = ExamId(created["exam_id"]), created["code"]
        roster = BytesPayload(roster_csv.encode(), content_type="text/csv")
        await self.call("PUT", f"/exams/{self.exam}/roster", data=roster)
        await self.to("ready")
        await self.to("open")
        slips = (await self.call("GET", f"/exams/{self.exam}/slips"))["slips"]
        for slip in slips:
            self.seat_codes[slip["seat"]] = slip["seat_code"]
            self.urls[slip["seat"]] = f"{self.origin}/?e={self.code}&s={slip['seat_code']}"
        self.invigilator.follow(self.exam)
        assert await self.until(lambda view: len(view.seats) == len(slips))

    async def call(self, method: str, path: str, **options: Any) -> Any:
        return await self.invigilator.call(method, path, **options)

    async def to(self, state: str) -> Any:
        if state == "live":
            return await self.invigilator.start(self.exam, WHY)
        return await self.call("POST", f"/exams/{self.exam}/state", json={"to": state})

    async def log_in_again(self, user: str, passphrase: str) -> None:
        """After the box was restarted: wait until it answers, and unlock it."""
        async with asyncio.timeout(60):
            while True:
                try:
                    await self.invigilator.login(user, passphrase)
                    return
                except Unreachable:
                    await asyncio.sleep(0.5)

    async def end(self) -> None:
        """Close the exam if it is still open, so that the next test's box has no relay of it."""
        if not self.exam:
            return
        status = await self.call("GET", f"/exams/{self.exam}")
        if status["state"] in {"open", "live"}:
            await self.to("closed")

    def seat(self, label: str) -> SeatStatus:
        return next(s for s in self.invigilator.view.seats.values() if s.seat == label)

    async def act(self, label: str, act: str, **fields: Any) -> None:
        attempt = self.seat(label).attempt_id
        path = f"/exams/{self.exam}/attempts/{attempt}/acts"
        await self.call("POST", path, json={"act": act, **fields})

    async def until(self, condition: Any, timeout_s: float = 90.0) -> bool:
        return await self.invigilator.until(condition, timeout_s)

    async def until_seat(self, label: str, condition: Any, timeout_s: float = 90.0) -> None:
        """Wait until `condition(SeatStatus)`; fail with what the seat was instead."""

        def met(_view: HallView) -> bool:
            return bool(condition(self.seat(label)))

        assert await self.until(met, timeout_s), self.seat(label)

    async def kept(self, label: str) -> list[int]:
        """The numbers of the snippets the box has on disk, in order."""
        attempt = self.seat(label).attempt_id
        shown = await self.call("GET", f"/exams/{self.exam}/attempts/{attempt}")
        return sorted(snippet["sequence"] for snippet in shown["snippets"])

    async def until_kept(self, label: str, count: int, timeout_s: float = 120.0) -> list[int]:
        async with asyncio.timeout(timeout_s):
            while len(numbers := await self.kept(label)) < count:
                await self.invigilator.until(lambda _view: False, 0.3)
        return numbers
