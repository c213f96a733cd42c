"""Every step by keyboard alone, readable when large, with names, roles and contrast."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from playwright.async_api import Page

from appliance.rehearsal.browser import shown
from tests.e2e.conftest import OpenPage
from tests.e2e.exam_room import ExamRoom, settings

# What a script can check of WCAG 2.2: names of controls (4.1.2), one heading first in order
# (1.3.1), contrast of text (1.4.3), size of targets (2.5.8), ids that exist once.
CHECK = """
() => {
  const wrong = [];
  const seen = (e) => e.getClientRects().length > 0;
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const c = colour(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  for (const e of document.querySelectorAll("body *")) {
    if (!seen(e)) continue;
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
    if (own && !e.closest("[aria-disabled=true], .unseen, option")) {
      const [a, b] = [luminance(colour(getComputedStyle(e).color)), luminance(ground(e))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${e.textContent.trim()}`);
    }
    if (e.matches("button, input, select")) {
      const name = e.ariaLabel || e.labels?.[0]?.textContent || e.textContent;
      if (!name?.trim()) wrong.push(`no name: ${e.outerHTML}`);
      const box = e.getBoundingClientRect();
      if (box.height < 24 || box.width < 24) wrong.push(`small: ${e.id}`);
    }
    if (e.matches("video, meter, progress, [role=img]")) {
      if (!e.ariaLabel && !e.getAttribute("aria-labelledby")) wrong.push(`no name: ${e.id}`);
    }
  }
  const headings = [...document.querySelectorAll("h1, h2, h3")].filter(seen);
  if (headings.filter((h) => h.tagName === "H1").length !== 1) wrong.push("not one h1");
  if (headings[0]?.tagName !== "H1") wrong.push("the first heading is no h1");
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  if (new Set(ids).size !== ids.length) wrong.push("an id twice");
  if (!["en", "sv"].includes(document.documentElement.lang)) wrong.push("no language");
  if (document.documentElement.scrollWidth > innerWidth) wrong.push("scrolls sideways");
  return wrong;
}
"""

PHONE_OR_400_PERCENT = {"width": 320, "height": 640}  # WCAG 1.4.10: 1280 pixels at 400 %
DESKTOP = {"width": 1280, "height": 800}


async def check(page: Page) -> None:
    """In both languages, light and dark, wide and at 400 % zoom."""
    axe = axe_source()
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for size in (PHONE_OR_400_PERCENT, DESKTOP):
            await page.set_viewport_size(size)  # type: ignore[arg-type]
            for _ in ("other language", "and back"):
                where = f"{await page.evaluate('document.body.dataset.shown')} {scheme} {size}"
                assert await page.evaluate(CHECK) == [], where
                if axe:
                    await page.evaluate(axe)
                    assert await page.evaluate(RUN_AXE) == [], where
                await page.click("#language")
    running = "document.getAnimations().filter((a) => a.playState === 'running').length"
    assert await page.evaluate(running) == 0, "something moves although motion is reduced"


def axe_source() -> str | None:
    """axe-core as `axe-playwright-python` carries it, when that is installed; the checks above
    do not need it."""
    found = importlib.util.find_spec("axe_playwright_python")
    if found is None or found.origin is None:
        return None
    return (Path(found.origin).parent / "axe.min.js").read_text()


RUN_AXE = """
async () => {
  const only = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, { runOnly: only });
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
}
"""


async def press_until_focused(page: Page, selector: str, key: str = "Tab") -> None:
    for _ in range(20):
        await page.keyboard.press(key)
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.evaluate(outline) == "solid", "the focus cannot be seen"
            return
    pytest.fail(f"{selector} cannot be reached with {key}")


async def test_every_step_by_keyboard_and_readable(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(
        settings().replace("[features]", "show_flags_after_hand_in = true\n\n[features]")
    )
    page = (await open_page()).page
    await page.goto(room.origin)
    await shown(page, "join")
    await check(page)
    await press_until_focused(page, "#exam-code")
    await page.keyboard.type(room.code)
    await press_until_focused(page, "#seat-code")
    await page.keyboard.type(room.seat_codes["A1"])
    await page.keyboard.press("Enter")

    await shown(page, "notice")
    await page.wait_for_selector("#notice-body p")
    assert await page.evaluate("document.activeElement.tagName") == "H1"
    await check(page)
    await press_until_focused(page, "#notice-acknowledge")
    await page.keyboard.press("Enter")

    await shown(page, "devices")
    await check(page)
    if await page.is_hidden("#devices-check"):
        await press_until_focused(page, "#devices-on")
        await page.keyboard.press("Space")
    await page.wait_for_selector("#devices-check:not([hidden])")
    await page.wait_for_function(
        "() => document.getElementById('devices-heard').textContent.includes('hears you')"
    )
    assert re.search("picture|light", await page.inner_text("#devices-light"))
    await check(page)
    await press_until_focused(page, "#devices-good", "Shift+Tab")
    await page.keyboard.press("Enter")

    await shown(page, "portrait")
    await check(page)
    await press_until_focused(page, "#portrait-take")
    await page.keyboard.press("Enter")

    await shown(page, "room")
    await check(page)
    await room.to("live")
    await press_until_focused(page, "#hand")
    await page.keyboard.press("Space")
    await room.until_seat("A1", lambda s: s.hand_raised)
    await check(page)
    await press_until_focused(page, "#hand-in")
    await page.keyboard.press("Enter")
    await check(page)
    await press_until_focused(page, "#hand-in-yes")
    await page.keyboard.press("Enter")
    await shown(page, "done")
    await page.wait_for_selector("#afterwards:not([hidden])")
    await check(page)
    await press_until_focused(page, "#remark")
    await page.keyboard.type("I dropped my pen.")
    await press_until_focused(page, "#remark-form button")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#remark-said:not(:empty)")
    await press_until_focused(page, "#leave")
    await page.keyboard.press("Enter")
    await shown(page, "left")
    await check(page)
    await page.reload()
    await shown(page, "join")
    assert not await page.input_value("#seat-code")


async def test_the_page_is_small_and_stands_alone(room: ExamRoom, open_page: OpenPage) -> None:
    await room.open(settings())
    watched = await open_page()
    sizes: list[int] = []  # of what went over the wire

    async def measure(response) -> None:  # type: ignore[no-untyped-def]
        if response.status == 200 and "/api/" not in response.url:
            sizes.append((await response.request.sizes())["responseBodySize"])
            policy = response.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy

    watched.page.on("response", measure)
    await watched.page.goto(room.urls["A1"])
    await shown(watched.page, "join")
    assert 5 < len(sizes) < 50
    assert sum(sizes) < 60_000, "more than a few dozen kB"
    assert watched.elsewhere == []
    assert watched.complaints == []
