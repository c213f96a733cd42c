"""The reviewer's page in a real browser, over real servers: what it plays, and to whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import Page, async_playwright

from appliance.core.snippet import ObjectKind
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.review.page import ReviewPage
from tests.support.archived_exam import ArchivedExam, archived_exam
from tests.support.closed_exam import TITLE, new_reviewer
from tests.support.cloud_servers import cloud, database, driver_may_look_around
from tests.support.tiny_webm import HEIGHT, WIDTH

__all__ = ["cloud", "database", "driver_may_look_around"]

pytestmark = pytest.mark.e2e
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)
_PLAYED = """() => {
  const video = document.querySelector("video:not([hidden])");
  return [video.src.split("/").at(-1), video.currentTime, video.videoWidth, video.videoHeight];
}"""


@pytest.fixture
async def archived(
    cloud: CloudServers, database: str, tmp_path: Path
) -> AsyncIterator[ArchivedExam]:
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    async with archived_exam(tmp_path / "box", config) as exam:
        yield exam


@asynccontextmanager
async def browser_page(profile: Path) -> AsyncIterator[Page]:
    """A page whose console errors fail the test, in a browser profile of its own on disk."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            str(profile),
            executable_path="/usr/bin/chromium",
            args=list(_FLAGS),
            ignore_default_args=["--headless", "--mute-audio"],
        )
        page = context.pages[0]
        page.set_default_timeout(15_000)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on(
            "console",
            lambda message: errors.append(message.text) if message.type == "error" else None,
        )
        try:
            yield page
        finally:
            await context.close()
        assert errors == []


async def test_a_reviewer_sees_the_exam_and_plays_it_back_to_back(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    async with (
        ReviewPage(archived.archive()).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await page.goto(address)
        await page.get_by_role("link", name="Exam of").first.click()
        await page.get_by_role("link", name="A1").wait_for()
        assert "token" not in page.url
        assert TITLE in await page.inner_text("nav")
        await page.get_by_role("link", name="A1").click()
        await page.locator("img.portrait").wait_for()
        assert "Två ansikten." in await page.inner_text("aside")
        await page.get_by_role("group", name="Timeline").get_by_role("button").first.click()
        for number in ("1", "2", "3"):
            await page.wait_for_function(
                f"() => {{ const [n, at] = ({_PLAYED})(); return n === '{number}' && at > 0.3; }}"
            )
            _, _, width, height = await page.evaluate(_PLAYED)
            assert (width, height) == (WIDTH, HEIGHT)
        await page.get_by_role("button", name="several faces").click()
        await page.wait_for_function(f"() => ({_PLAYED})()[0] === '2'")

    plain = [
        content
        for (_, kind, _), content in archived.made.plain.items()
        if kind in (ObjectKind.SNIPPET, ObjectKind.RECORD)
    ]
    assert await asyncio.to_thread(_found_in, tmp_path / "profile", plain) == []


def _found_in(profile: Path, plain: list[bytes]) -> list[Path]:
    """Files of the browser's profile that hold the middle of something decrypted."""
    middles = [content[len(content) // 2 :][:64] for content in plain]
    files = [path for path in profile.rglob("*") if path.is_file()]
    assert files, "the browser wrote no profile: this would prove nothing"
    return [path for path in files if any(middle in path.read_bytes() for middle in middles)]


async def test_another_key_sees_that_it_is_locked_out(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    async with (
        ReviewPage(archived.archive(new_reviewer())).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await page.goto(address)
        await page.get_by_role("link", name="Exam of").first.click()
        await page.get_by_role("cell", name="your key does not open this").first.wait_for()
        assert TITLE not in await page.inner_text("body")


async def test_without_the_token_nobody_is_answered(archived: ArchivedExam) -> None:
    async with (
        ReviewPage(archived.archive()).serve() as address,
        aiohttp.ClientSession() as stranger,
    ):
        base, _, token = address.partition("#token=")
        async with stranger.get(f"{base}api/exams") as reply:
            assert reply.status == 401
        async with stranger.post(f"{base}enter", data="guess") as reply:
            assert reply.status == 403
        async with stranger.get(base, headers={"Host": "attacker.example"}) as reply:
            assert reply.status == 403
        async with stranger.get(base, headers={"Sec-Fetch-Site": "cross-site"}) as reply:
            assert reply.status == 403
        async with stranger.get(base) as reply:
            assert reply.status == 200
            assert reply.headers["Cache-Control"] == "no-store"
            assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
        async with stranger.post(f"{base}enter", data=token) as reply:
            assert reply.status == 204
        async with stranger.post(f"{base}enter", data=token) as reply:
            assert reply.status == 403  # the token works once
