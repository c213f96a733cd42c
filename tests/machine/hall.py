"""An exam on the machine and its one candidate, across everything that happens to the machine."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.rehearsal.page_key import PageKey
from tests.machine.commands import Commands
from tests.machine.lan import Lan
from tests.machine.networks import BOX
from tests.support import clips, invariants
from tests.support.box import ROSTER, SETTINGS
from tests.support.box_api import BoxApi
from tests.support.starting import go

STATE = "/var/lib/hallvakt"
LEAD, PASSPHRASE = "ingrid", "en lång lösenfras"
LIVE = SETTINGS.replace("video_snippets = true", "video_snippets = true\nlive_view = true")


def origin(machine: Commands) -> tuple[str, Path]:
    return f"https://{BOX}", machine.seen(f"{STATE}/tls/ca.pem")


@dataclass(slots=True)
class Hall:
    machine: Commands
    lan: Lan
    exam: str = ""
    attempt: str = ""
    token: str = ""
    sequence: int = 0
    kept: invariants.Kept = field(default_factory=invariants.Kept)

    def begin(self, settings: str) -> None:
        self.lan.do(self._begin(settings))

    async def lead(self) -> BoxApi:
        api = self.lan.api(*origin(self.machine))
        said = {"user": LEAD, "passphrase": PASSPHRASE}
        api.token = (await api.ok("POST", "/api/v1/login", json=said))["token"]
        return api

    async def _begin(self, settings: str) -> None:
        lead = await self.lead()
        made = await lead.ok("POST", "/api/v1/exams", json={"settings_toml": settings})
        self.exam = made["exam_id"]
        path = f"/api/v1/exams/{self.exam}"
        csv = {"Content-Type": "text/csv; charset=utf-8"}
        await lead.ok("PUT", f"{path}/roster", data=ROSTER.encode(), headers=csv)
        slip = (await lead.ok("GET", f"{path}/slips"))["slips"][0]
        for state in ("ready", "open", "live"):
            await go(lead, self.exam, state)
        candidate = self.lan.api(*origin(self.machine))
        joined = await candidate.join(made["code"], slip["seat_code"], PageKey())
        assert joined.status == 201, joined.body
        self.attempt, self.token = joined.json["attempt"], candidate.token or ""
        await candidate.check_in()

    def record(self) -> None:
        """One more snippet, sent again until the box has it, as the page does."""
        self.sequence += 1
        media = clips.snippet("president", start_s=float(self.sequence), seconds=2.0)
        self.lan.do(self._record(media))
        self.kept.promise(self.attempt, self.sequence, media)

    async def _record(self, media: bytes) -> None:
        async with asyncio.timeout(120):
            while True:
                api = self.lan.api(*origin(self.machine), self.token)
                try:
                    reply = await api.upload(self.sequence, media)
                    if reply.status in {200, 201}:
                        return
                    assert reply.status in {429, 503}, (reply.status, reply.body)
                except OSError:  # it is just starting
                    pass
                finally:
                    await api.close()
                await asyncio.sleep(0.3)

    def check(self) -> None:
        """All that was acknowledged is on the machine's disk, and the gateway looks after it."""
        self.machine.until("hallvakt", "metrics")
        state = self.machine.seen(STATE)
        asyncio.run(invariants.check(state, self.kept, settled=True))

    def move(self, to: str) -> Any:
        async def move() -> Any:
            lead = await self.lead()
            return await go(lead, self.exam, to)

        return self.lan.do(move())
