"""How much of the page goes over the wire, and that it stands alone."""

from __future__ import annotations

from playwright.async_api import Response

from appliance.rehearsal.browser import shown
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings


async def test_the_page_is_small_and_stands_alone(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings())
    watched = await open_page()
    came: list[Response] = []

    def note(response: Response) -> None:
        came.append(response)

    watched.page.on("response", note)
    await watched.page.goto(room.urls["A1"])
    await shown(watched.page, "join")
    await watched.page.wait_for_load_state("networkidle")
    sizes: list[int] = []  # of what went over the wire
    for response in came:
        if response.status == 200 and "/api/" not in response.url:
            sizes.append((await response.request.sizes())["responseBodySize"])
            policy = response.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
    assert 5 <= len(sizes) < 10
    assert 30_000 < sum(sizes) <= 38_000, "more than a few dozen kB, or not all of it was counted"
    assert watched.elsewhere == []
    assert watched.complaints == []
