"""What the recorder makes: whole, seamless, decodable, timed right."""

from __future__ import annotations

import asyncio
import io
from itertools import pairwise

import av
import pytest

from appliance.core.webm import check_and_strip
from appliance.rehearsal.browser import walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.support.browser import FRAMES_PER_SECOND, Sent
from tests.support.frame_numbers import numbers_in

LARGEST_GAP_S = 0.150
SNIPPETS = 5


@pytest.fixture
async def sent(room: ExamRoom, open_page: OpenPage) -> list[Sent]:
    """Five snippets in a row as they left the browser; `room` has acknowledged them."""
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page()
    await watched.page.goto(room.urls["A1"])
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    await room.to("live")
    await room.until_kept("A1", SNIPPETS)
    first: dict[int, Sent] = {}
    async with asyncio.timeout(60):  # what the driver tells of a request may come after the answer
        while len(first) < SNIPPETS:
            first = {o.sequence: o for o in watched.sent if o.sequence <= SNIPPETS}
            await asyncio.sleep(0.05)
    return [first[number] for number in range(1, SNIPPETS + 1)]


async def test_snippets_follow_each_other_without_a_gap_and_play_alone(sent: list[Sent]) -> None:
    found = [numbers_in(one.body) for one in sent]
    for pictures in found:
        missed = [b - a - 1 for (_, a), (_, b) in pairwise(pictures)]
        assert sum(missed) <= 2, f"pictures missing inside a snippet: {missed}"
    for (_, last), (_, first) in zip(
        (one[-1] for one in found[:-1]), (one[0] for one in found[1:]), strict=True
    ):
        gap_s = (first - last - 1) / FRAMES_PER_SECOND
        assert gap_s < LARGEST_GAP_S, f"{gap_s} s between two snippets"

    # The same by the times that the box is told: the end of one against the start of the next.
    for earlier, later, (end, _) in zip(
        sent[:-1], sent[1:], (one[-1] for one in found[:-1]), strict=True
    ):
        gap_s = (later.started_ms - earlier.started_ms) / 1000 - end - 1 / FRAMES_PER_SECOND
        assert gap_s < LARGEST_GAP_S

    # And the times are those of the pictures: the camera's own count is the clock.
    for number in range(1, SNIPPETS):
        by_camera_s = (found[number][0][1] - found[number - 1][0][1]) / FRAMES_PER_SECOND
        told_s = (sent[number].started_ms - sent[number - 1].started_ms) / 1000
        assert told_s == pytest.approx(by_camera_s, abs=0.25)

    # The first one is shorter, each page by a length of its own.
    assert 2.5 <= check_and_strip(sent[0].body).duration_s <= 6.5
    for one in sent[1:]:
        stripped = check_and_strip(one.body)
        assert (stripped.width, stripped.height) == (320, 240)
        assert stripped.has_sound
        assert 5.0 <= stripped.duration_s <= 6.5
        assert stripped.key_frames >= 5, "less than a key frame a second"
        with av.open(io.BytesIO(stripped.media), "r") as container:
            assert container.streams.video[0].codec_context.name == "vp8"
            assert len(list(container.decode(video=0))) >= 45
        with av.open(io.BytesIO(stripped.media), "r") as container:
            sound = sum(frame.samples for frame in container.decode(audio=0))
            assert sound >= 4.5 * container.streams.audio[0].rate
