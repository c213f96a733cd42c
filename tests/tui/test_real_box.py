"""The console against the real gateway and the real relay: nothing scripted here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest

from appliance.adapters.host import tls
from appliance.core.attempt import AttemptState
from appliance.core.errors import BadInput, NotAllowed, Unreachable
from appliance.core.exam import ExamState
from appliance.core.feed import HallSnapshot
from appliance.core.ids import AttemptId, ExamId
from appliance.rehearsal.live_sender import LiveSender
from appliance.rehearsal.page_key import PageKey
from tests.support.box import LEAD, PASSPHRASE, RealBox, running_box
from tests.support.box_api import BoxApi, Prepared
from tests.support.stopwatch import Stopwatch
from tests.tui.conftest import drawn, hall_is_shown, until
from tests.tui.steady_pilot import SteadyPilot
from tui.app import ConsoleApp
from tui.client import BoxClient
from tui.feed_link import FeedLink
from tui.live import LiveView, Phase
from tui.screens.closed import ClosedScreen
from tui.screens.live_view import LiveViewScreen
from tui.screens.start_gate import StartGateScreen
from tui.screens.start_reason import StartReasonScreen
from tui.shift import Shift
from tui.target import Target, from_arguments, over_network
from tui.widgets.picture import Picture

pytestmark = pytest.mark.e2e

SETTINGS = """
[exam]
title = "Matematik 3c"
duration_minutes = 60
[retention]
days = 30
[features]
video_snippets = true
live_view = true
"""


class Stripes:
    """A camera that sees coloured stripes."""

    def picture(self, at_s: float) -> np.ndarray[Any, Any]:
        picture = np.zeros((120, 160, 3), dtype=np.uint8)
        picture[:, :80] = (200, 40, 40)
        picture[:, 80:] = (40, 40, int(100 + 50 * (at_s % 2)))
        return picture


@pytest.fixture
async def real_box() -> AsyncIterator[RealBox]:
    with TemporaryDirectory(prefix="hv-") as directory:
        async with running_box(Path(directory)) as box:
            yield box


@asynccontextmanager
async def a_candidate(box: RealBox, exam: Prepared, seat: str) -> AsyncIterator[BoxApi]:
    """Checked in, on the channel, and answering live offers."""
    page = box.api()
    await page.join(exam.code, exam.seats[seat], PageKey())
    await page.check_in()
    async with page.websocket("/api/v1/attempts/me/channel") as channel:
        sender = LiveSender(Stripes(), time.monotonic())

        async def answer() -> None:
            async for frame in channel:
                message = json.loads(frame.data)
                if message["kind"] == "live_offer":
                    sdp = await sender.answer(message["sdp"], message["ice_servers"])
                    reply = {"kind": "live_answer", "view": message["view"], "sdp": sdp}
                    await channel.send_str(json.dumps(reply))

        answering = asyncio.create_task(answer())
        try:
            yield page
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)
            await sender.close()


async def attempt_at(client: BoxClient, exam: str, seat: str) -> AttemptId:
    link = FeedLink(client, ExamId(exam), lambda _: None)
    async for message in link.messages():
        assert isinstance(message.data, HallSnapshot)
        return next(s.attempt_id for s in message.data.seats if s.seat == seat)
    raise AssertionError("the feed ended")


async def test_only_the_box_whose_certificate_was_given_is_trusted(real_box: RealBox) -> None:
    target = from_arguments(state=None, url=real_box.origin, ca=real_box.authority, socket=None)
    async with BoxClient(target) as client:
        with pytest.raises(NotAllowed):
            await client.login(LEAD, "wrong")
        assert (await client.login(LEAD, PASSPHRASE)).role.value == "lead_invigilator"
    with TemporaryDirectory() as other:
        stranger = RealBox(Path(other) / "box", real_box.port)
        await asyncio.to_thread(stranger.make, recipients=False)
        async with BoxClient(Target(url=real_box.origin, ca=stranger.authority)) as client:
            with pytest.raises(Unreachable, match="not the box"):
                await client.login(LEAD, PASSPHRASE)
        named = await asyncio.to_thread(tls.fingerprint, stranger.authority)
    with pytest.raises(Unreachable, match="fingerprint"):
        async with BoxClient(over_network(real_box.origin, real_box.authority, named)):
            pass
    named = await asyncio.to_thread(tls.fingerprint, real_box.authority)
    async with BoxClient(over_network(real_box.origin, real_box.authority, named)) as client:
        await client.answers()


def test_a_plain_address_is_refused() -> None:
    with pytest.raises(BadInput, match="https"):
        from_arguments(state=None, url="http://127.0.0.1:1", ca=Path("ca.pem"), socket=None)


async def test_a_whole_exam_at_the_console(real_box: RealBox) -> None:
    """Log in, into the hall, a candidate appears, start, look live, close: by keys alone."""
    lead = await real_box.login()
    exam = await real_box.new_exam(lead, SETTINGS, to="ready")
    shift = Shift(client=BoxClient(Target(socket=real_box.socket)), user=LEAD)
    app = ConsoleApp(shift)
    async with app.run_test(size=(100, 30)):
        pilot = SteadyPilot(app)
        await pilot.pause()
        await pilot.press(*("space" if letter == " " else letter for letter in PASSPHRASE), "enter")
        await until(pilot, lambda: "O opens it" in drawn(pilot), within_s=30)
        await pilot.press("O")
        await until(pilot, lambda: "enter goes into the hall" in drawn(pilot), within_s=20)
        await pilot.press("enter")
        await until(pilot, lambda: hall_is_shown(pilot), within_s=20)
        assert "Canary Testperson" in drawn(pilot)  # the one under the cursor
        async with a_candidate(real_box, exam, "A1"):
            await until(pilot, lambda: "1 checked in" in drawn(pilot), within_s=20)
            await pilot.press("S")
            # The gate has something to say on a machine without a TPM, and wants to know why where
            # there is no time service either.
            gate = (StartGateScreen, StartReasonScreen)
            await until(pilot, lambda: isinstance(app.screen, gate), within_s=20)
            await pilot.press(*(("o", "k") if isinstance(app.screen, StartReasonScreen) else ()))
            await pilot.press("enter")
            await until(pilot, lambda: "1 recording" in drawn(pilot), within_s=20)
            await pilot.press("slash", "a", "1", "enter", "l")
            await until(pilot, lambda: isinstance(app.screen, LiveViewScreen), within_s=5)
            await until(pilot, lambda: app.screen.query_one(Picture).shows_picture, within_s=30)
            await until(pilot, lambda: "not stored" in drawn(pilot))
            await pilot.press("escape", "C")
            await until(pilot, lambda: "has not handed in" in drawn(pilot), within_s=20)
            await pilot.press("enter")
            await until(pilot, lambda: "Close the exam (1 of 2)" in drawn(pilot))
            await pilot.press("y", *exam.code.lower(), "enter")
            await until(pilot, lambda: isinstance(app.screen, ClosedScreen), within_s=60)
            await until(pilot, lambda: "live key destroyed" in drawn(pilot))
    status = await lead.ok("GET", f"/api/v1/exams/{exam.exam}")
    assert status["state"] == ExamState.CLOSED


async def test_a_live_view_ends_within_two_seconds_of_the_close(real_box: RealBox) -> None:
    lead = await real_box.login()
    exam = await real_box.new_exam(lead, SETTINGS, to="live")
    target = Target(url=real_box.origin, ca=real_box.authority)
    async with BoxClient(target) as client, a_candidate(real_box, exam, "A1"):
        await client.login(LEAD, PASSPHRASE)
        attempt = await attempt_at(client, exam.exam, "A1")
        view = LiveView(client, ExamId(exam.exam), attempt)
        looking = asyncio.create_task(view.run())
        async with asyncio.timeout(60):
            while view.frames < 5:
                assert not looking.done(), looking
                await asyncio.sleep(0.02)
        assert view.phase is Phase.SHOWING
        pixels = view.take_picture(40, 15)
        assert pixels is not None
        red, _, blue = pixels.rgb[:3]
        assert red > 150
        assert blue < 90
        with Stopwatch() as watch:
            closing = asyncio.create_task(
                lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
            )
            why = await asyncio.wait_for(looking, 60)
            ended_after = watch.seconds
        await closing
    assert ended_after < 2.0 + 3.0  # the view itself, and the peer's own close at the most
    assert why
    assert view.take_picture(40, 15) is None  # nothing is kept


async def test_acts_reach_the_box(real_box: RealBox) -> None:
    lead = await real_box.login()
    exam = await real_box.new_exam(lead, SETTINGS, to="live")
    async with BoxClient(Target(socket=real_box.socket)) as client:
        await client.login(LEAD, PASSPHRASE)
        async with a_candidate(real_box, exam, "A1"):
            attempt = await attempt_at(client, exam.exam, "A1")
            exam_id = ExamId(exam.exam)
            seat = await client.act(exam_id, attempt, "extra_time", minutes=15, reason="fire")
            assert seat.extra_minutes == 15
            assert (
                await client.act(exam_id, attempt, "break_start")
            ).state is AttemptState.ON_BREAK
            assert (await client.act(exam_id, attempt, "break_end")).state is AttemptState.RECORDING
            await client.act(exam_id, attempt, "message", text="Hej")
            detail = await client.attempt(exam_id, attempt)
            assert detail.seat.seat == "A1"
            assert await client.thumbnail(exam_id, attempt) is None
