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
from appliance.review.receipts import read_receipts, sent_receipts
from tests.e2e.accessibility import RUN_AXE, axe_source
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

_HEARD = """() => {
  const video = document.querySelector("video:not([hidden])");
  return video.webkitAudioDecodedByteCount > 0 && !video.muted && video.volume === 1;
}"""

# The name in a mark that is seen, over all of the picture; what is wrong with it otherwise.
_COVERED = """(selector) => {
  const picture = document.querySelector(selector);
  const mark = picture.parentElement.querySelector(".watermark");
  for (let at = mark; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    if (!(style.opacity > 0) || style.visibility !== "visible" || style.display === "none") {
      return "hidden";
    }
  }
  const written = getComputedStyle(mark.querySelector("text"));
  if (!(written.fillOpacity >= 0.2) || written.fill === "none") return "faint";
  const fill = getComputedStyle(mark.querySelector("rect")).fill.match(/#([-\\w]+)/)?.[1];
  if (document.getElementById(fill)?.parentElement.parentElement !== mark) return "empty";
  const inner = picture.getBoundingClientRect();
  for (const shape of [mark, mark.querySelector("rect")]) {
    const box = shape.getBoundingClientRect();
    const past = [inner.left - box.left, inner.top - box.top, box.right - inner.right,
      box.bottom - inner.bottom];
    if (!past.every((over) => over > -1)) return `beside: ${past}`;
  }
  if (picture.compareDocumentPosition(mark) !== Node.DOCUMENT_POSITION_FOLLOWING) return "under";
  return mark.querySelector("text").textContent.split(" \u00b7 ")[0];
}"""
_MENU = """(selector) => document.querySelector(selector).dispatchEvent(
  new MouseEvent("contextmenu", { bubbles: true, cancelable: true }))"""
_ESCAPES = """() => [...document.querySelectorAll("video")].filter((video) =>
  !video.disablePictureInPicture || video.controls || !video.controlsList.contains("nodownload")
).map((video) => video.outerHTML)"""


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
        page.set_default_timeout(60_000)
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
        ReviewPage(archived.desk(tmp_path / "receipts")).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await page.goto(address)
        await page.get_by_role("link", name="Exam of").first.click()
        await page.get_by_role("link", name="A1", exact=True).wait_for()
        assert "token" not in page.url
        assert TITLE in await page.inner_text("nav")
        await page.get_by_role("link", name="A1", exact=True).click()
        await page.locator("img.portrait").wait_for()
        await page.wait_for_function("document.activeElement.id === 'main'")  # not at the top
        assert "Två ansikten." in await page.inner_text("main")
        assert "Brandlarmet gick." in await page.inner_text("blockquote")
        for picture in (".stage video:not([hidden])", "img.portrait"):
            assert await page.evaluate(_COVERED, picture) == "Anna Granskare"
            assert await page.evaluate(_MENU, picture) is False
        assert await page.evaluate(_ESCAPES) == []
        await page.get_by_role("button", name="Play").click()
        for number in ("1", "2", "3"):
            await page.wait_for_function(
                f"() => {{ const [n, at] = ({_PLAYED})(); return n === '{number}' && at > 0.3; }}"
            )
            _, _, width, height = await page.evaluate(_PLAYED)
            assert (width, height) == (WIDTH, HEIGHT)
            await page.wait_for_function(_HEARD)
        await page.get_by_role("button", name="several faces").click()
        await page.wait_for_function(f"() => ['1', '2'].includes(({_PLAYED})()[0])")
        noted = await asyncio.to_thread(read_receipts, tmp_path / "receipts")
        assert {(k.kind, k.sequence) for k in noted} == {
            ("attempt", 0),
            ("portrait", 0),
            *(("snippet", number) for number in (1, 2, 3)),
        }

    plain = [
        content
        for (_, kind, _), content in archived.made.plain.items()
        if kind in (ObjectKind.SNIPPET, ObjectKind.RECORD, ObjectKind.PORTRAIT)
    ]
    assert await asyncio.to_thread(_found_in, tmp_path / "profile", plain) == []
    # And who looked is in the archive as soon as the page is closed.
    assert await sent_receipts(archived.ends.records, archived.made.exam_id)


async def test_everything_can_be_done_with_keys(archived: ArchivedExam, tmp_path: Path) -> None:
    async with (
        ReviewPage(archived.desk(tmp_path / "receipts")).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await _to_the_attempt(page, address, archived)
        shown = "() => document.querySelector('video:not([hidden])')"
        await page.wait_for_function(f"() => ({_PLAYED})()[2] > 0")
        await page.keyboard.press("]")
        await page.wait_for_function(f"() => ({_PLAYED})()[0] === '2'")
        await page.keyboard.press("[")
        await page.wait_for_function(f"() => ({_PLAYED})()[0] === '1'")
        await page.keyboard.press("3")
        assert await page.evaluate(f"({shown})().playbackRate") == 4
        await page.keyboard.press("m")
        assert await page.evaluate(f"({shown})().muted") is True
        await page.keyboard.press("1")
        await page.keyboard.press("n")  # the incident's own picture, and it plays
        await page.wait_for_function(f"() => !({shown})().paused")
        await page.keyboard.press(" ")
        await page.wait_for_function(f"() => ({shown})().paused")
        await page.keyboard.press("ArrowRight")
        await page.wait_for_function(f"() => ({_PLAYED})()[0] === '3'")
        await page.keyboard.press("d")
        assert await page.evaluate("document.activeElement.name") == "verdict"
        # What is typed is text, not a command.
        await page.locator("textarea[name=reason]").fill("n p 4 ]")
        await page.locator("textarea[name=reason]").press(" ")
        assert await page.evaluate(f"({shown})().paused") is True


async def test_a_finding_needs_a_second_reviewer(archived: ArchivedExam, tmp_path: Path) -> None:
    async with (
        ReviewPage(archived.desk(tmp_path / "one")).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await _to_the_attempt(page, address, archived)
        await page.get_by_label("Finding", exact=True).check()
        await page.get_by_label("Reason").fill("Två personer syns.")
        await page.get_by_label("Answer to the remark").fill("Larmet är noterat.")
        await page.get_by_role("button", name="Sign the decision").click()
        await page.get_by_text("Your finding waits for a second reviewer").wait_for()
    colleague = archived.desk(tmp_path / "two", archived.made.colleague, viewer="Bo Kollega")
    async with (
        ReviewPage(colleague).serve() as address,
        browser_page(tmp_path / "other profile") as page,
    ):
        await page.goto(address)
        await page.get_by_role("button", name="Svenska").click()
        await page.get_by_role("link", name="Prov ").first.click()
        await page.get_by_role("button", name="väntar på en andra granskare 1").click()
        await page.get_by_role("link", name="A1", exact=True).click()
        await page.get_by_text("Två personer syns.").wait_for()
        await page.get_by_label("Jag instämmer", exact=True).check()
        await page.get_by_label("Skäl").fill("Jag ser det också.")
        await page.get_by_role("button", name="Underteckna beslutet").click()
        await page.locator(".standing.finding").wait_for()
        async with page.expect_download() as downloading:
            await page.get_by_role("link", name="Rapport som PDF").click()
        report = await (await downloading.value).path()
        assert (await asyncio.to_thread(report.read_bytes)).startswith(b"%PDF-")


async def test_no_finding_of_axe(archived: ArchivedExam, tmp_path: Path) -> None:
    axe = await asyncio.to_thread(axe_source)
    assert axe, "axe-core is not installed"
    async with (
        ReviewPage(archived.desk(tmp_path / "receipts")).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await page.goto(address)
        for step, there in (("Exam of", "a.card"), ("A1", "td a"), ("", ".timeline")):
            await page.locator(there).first.wait_for()
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                await page.evaluate(axe)
                assert await page.evaluate(RUN_AXE) == [], (there, scheme)
            if step:
                await page.get_by_role("link", name=step).first.click()


async def test_only_what_is_looked_at_is_fetched(
    cloud: CloudServers, database: str, tmp_path: Path
) -> None:
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    receipts = tmp_path / "receipts"
    async with (
        archived_exam(tmp_path / "box", config, snippets=12) as archived,
        ReviewPage(archived.desk(receipts)).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await _to_the_attempt(page, address, archived)
        await page.wait_for_function(f"() => ({_PLAYED})()[2] > 0")
        async with asyncio.timeout(60):  # the next one is fetched meanwhile
            while len(await asyncio.to_thread(read_receipts, receipts)) < 4:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await page.wait_for_timeout(500)
        noted = await asyncio.to_thread(read_receipts, receipts)
    assert {k.sequence for k in noted if k.kind == "snippet"} == {1, 2}
    assert len(noted) == 4  # and the record and the photo; nothing twice, nothing of others


async def _to_the_attempt(page: Page, address: str, archived: ArchivedExam) -> None:
    await page.goto(address)
    await page.get_by_role("link", name="Exam of").first.click()
    await page.get_by_role("link", name="A1", exact=True).click()
    await page.locator(".timeline").wait_for()


def _found_in(profile: Path, plain: list[bytes]) -> list[Path]:
    """Files of the browser's profile that hold the middle of something decrypted."""
    # What is shorter than that all told, like the photo here, is looked for whole.
    middles = [c if len(c) < 128 else c[len(c) // 2 :][:64] for c in plain]
    files = [path for path in profile.rglob("*") if path.is_file()]
    assert files, "the browser wrote no profile: this would prove nothing"
    return [path for path in files if any(middle in path.read_bytes() for middle in middles)]


async def test_another_key_sees_that_it_is_locked_out(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    async with (
        ReviewPage(archived.desk(tmp_path / "receipts", new_reviewer())).serve() as address,
        browser_page(tmp_path / "profile") as page,
    ):
        await page.goto(address)
        listed = page.get_by_role("link", name="Exam of").first
        assert "your key does not open this" in await listed.inner_text()
        await listed.click()
        await page.get_by_role("cell", name="your key does not open this").first.wait_for()
        assert TITLE not in await page.inner_text("body")
        # What it is refused with comes in the page's language too.
        async with page.expect_request("**/api/desk") as asked:
            await page.click("#language")
        assert (await (await asked.value).all_headers())["accept-language"] == "sv"


async def test_without_the_token_nobody_is_answered(archived: ArchivedExam, tmp_path: Path) -> None:
    async with (
        ReviewPage(archived.desk(tmp_path / "receipts")).serve() as address,
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
