"""What the page does when the box says: later, not so fast, I have another one, I was away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

from playwright.async_api import Request, Route

from appliance.rehearsal.browser import shown, walk_to_the_room
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings
from tests.e2e.served_box import LEAD, ServedBox
from tests.support.browser import WatchedPage

ON_SNIPPETS = "**/api/v1/attempts/me/snippets/*"


# Makes every acknowledgement ask for three seconds of pause.
ASK_FOR_A_PAUSE = """
() => {
  const real = window.fetch;
  window.fetch = async (path, options) => {
    const answer = await real(path, options);
    if (!String(path).includes("/snippets/") || !answer.ok) return answer;
    const said = { ...(await answer.json()), wait_ms: 3000 };
    return new Response(JSON.stringify(said), { status: answer.status });
  };
}
"""


async def waiting(room: ExamRoom, open_page: OpenPage) -> WatchedPage:
    await room.open(settings(face_photo=False, live_view=False))
    watched = await open_page()
    await watched.page.goto(room.urls["A1"])
    await watched.page.click("#join-form button")
    await walk_to_the_room(watched.page)
    return watched


def problem(status: int, code: str, **headers: str) -> dict[str, Any]:
    body = {"type": "about:blank", "title": "", "status": status, "code": code, "detail": "No."}
    return {
        "status": status,
        "body": json.dumps(body),
        "headers": {"Content-Type": "application/problem+json", **headers},
    }


async def all_kept_after_hand_in(room: ExamRoom, watched: WatchedPage) -> None:
    await watched.page.click("#hand-in")
    await watched.page.click("#hand-in-yes")
    await shown(watched.page, "done")
    recorded = int((await watched.strip())["recorded"])
    assert await room.kept("A1") == list(range(1, recorded + 1))


async def test_retry_after_is_obeyed(room: ExamRoom, open_page: OpenPage) -> None:
    """Also when new snippets are made meanwhile: eight seconds are longer than one takes."""
    watched = await waiting(room, open_page)
    asked_at: list[float] = []

    async def busy_once(route: Route) -> None:
        asked_at.append(time.monotonic())
        if len(asked_at) == 1:
            await route.fulfill(**problem(503, "busy", **{"Retry-After": "8"}))
        else:
            await route.continue_()

    await watched.page.route(ON_SNIPPETS, busy_once)
    await room.to("live")
    await room.until_kept("A1", 2)
    assert asked_at[1] - asked_at[0] >= 8.0
    await all_kept_after_hand_in(room, watched)


async def test_the_pace_of_the_box_is_kept(room: ExamRoom, open_page: OpenPage) -> None:
    """`wait_ms` of an answer is how long the next one waits."""
    watched = await waiting(room, open_page)
    await room.to("live")
    await watched.until_recorded(1)
    await watched.page.context.set_offline(True)
    before = int((await watched.strip())["recorded"])
    await watched.until_recorded(before + 2)
    await watched.page.evaluate(ASK_FOR_A_PAUSE)
    answered: list[Request] = []

    def note(request: Request) -> None:
        if "/snippets/" in request.url:
            answered.append(request)

    watched.page.on("requestfinished", note)
    await watched.page.context.set_offline(False)
    await room.until_kept("A1", before + 2)
    async with asyncio.timeout(60):  # what the driver tells may come after the answer
        while len(answered) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    # By the browser's own clock: milliseconds, `startTime` since 1970 and the rest since that.
    times = [request.timing for request in answered]
    pauses = [b["startTime"] - a["startTime"] - a["responseStart"] for a, b in pairwise(times)]
    assert min(pauses) >= 2_900
    await all_kept_after_hand_in(room, watched)


async def test_a_number_the_box_has_already_is_given_up_and_the_snippet_kept(
    room: ExamRoom, open_page: OpenPage
) -> None:
    """As after a seat was taken over: the box has other content under a number."""
    watched = await waiting(room, open_page)
    refused: list[str] = []

    async def taken_once(route: Route) -> None:
        if not refused:
            refused.append(route.request.url)
            await route.fulfill(**problem(409, "other-digest"))
        else:
            await route.continue_()

    await watched.page.route(ON_SNIPPETS, taken_once)
    await room.to("live")
    await watched.until_recorded(3)
    await room.until_kept("A1", 2)
    first = next(one for one in watched.sent if one.sequence == 1)
    again = [one for one in watched.sent if one.body == first.body and one.sequence != 1]
    assert again, "the refused snippet was not sent under another number"
    assert again[-1].sequence in await room.kept("A1")
    assert again[-1].started_ms == first.started_ms


async def test_a_gateway_killed_in_mid_exam_loses_nothing(
    room: ExamRoom, open_page: OpenPage, box: ServedBox
) -> None:
    watched = await waiting(room, open_page)
    await room.to("live")
    await room.until_kept("A1", 1)
    os.kill(gateway_of(box.state), signal.SIGKILL)
    before = int((await watched.strip())["recorded"])
    await watched.until_recorded(before + 2)
    await room.log_in_again(LEAD, box.passphrase)
    await watched.until_strip("link", "up")
    await all_kept_after_hand_in(room, watched)


def gateway_of(state: Path) -> int:
    """The process id of the gateway that serves this directory."""
    for found in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = found.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if b"appliance.processes.gateway" in command and str(state).encode() in command:
            return int(found.parent.name)
    raise AssertionError("the gateway does not run")
