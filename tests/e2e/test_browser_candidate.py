"""The browser candidate of the rehearsal, on its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.core.attempt import AttemptState
from appliance.rehearsal.browser import BrowserCandidate
from tests.e2e.exam_room import ExamRoom, settings


async def test_sits_an_exam_and_counts(room: ExamRoom, media: Path) -> None:
    await room.open(settings())
    candidate = BrowserCandidate(
        room.authority, picture=media / "camera.y4m", sound=media / "microphone.wav"
    )
    async with candidate:
        await candidate.check_in(room.urls["A2"])
        await room.until_seat("A2", lambda s: s.state is AttemptState.CHECKED_IN and s.portrait)
        await room.to("live")
        await asyncio.sleep(8)
        tally = await candidate.hand_in()
    assert tally.handed_in
    assert tally.recorded >= 2
    assert tally.acknowledged == tally.recorded == len(await room.kept("A2"))
    assert tally.bytes > 50_000
