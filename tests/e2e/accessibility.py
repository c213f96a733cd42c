"""What a script can check of WCAG 2.2 AA in a step of the page, by axe and by hand."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import Page

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

# Width and height in CSS pixels, how many times larger the text alone is, and the colour scheme. A
# window of 1280 x 800 at 200 % zoom has 640 x 400, at 400 % (WCAG 1.4.10) 320.
VIEWS: list[tuple[int, int, int, Literal["light", "dark"]]] = [
    (320, 640, 1, "light"),
    (320, 640, 1, "dark"),
    (640, 400, 1, "light"),
    (1280, 800, 2, "light"),
    (1280, 800, 1, "dark"),
]
# axe looks at names, roles, order and contrast: at one view in each colour scheme.
AXE_AT = {VIEWS[0], VIEWS[-1]}

# Also where text alone is enlarged (1.4.4) nothing may lie beside the window.
ENLARGE = "times => { document.documentElement.style.fontSize = times > 1 ? '225%' : ''; }"
# What would move when it is shown or changes: a short motion is over before a test can look.
MOVING = """
[...document.querySelectorAll("*")].filter((e) => {
  const { animationName, transitionDuration } = getComputedStyle(e);
  return animationName !== "none" || transitionDuration !== "0s";
}).map((e) => e.id || e.tagName)
"""
LANGUAGE = "document.documentElement.lang"

# Sentences that are still there in the language that was switched from.
OTHER_LANGUAGE = """
async () => {
  const { EN } = await import("/static/texts_en.js");
  const { SV } = await import("/static/texts_sv.js");
  const [mine, other] = document.documentElement.lang === "sv" ? [SV, EN] : [EN, SV];
  const wrong = new Set(Object.values(other));
  for (const right of [...Object.values(mine), other["language.other"], mine["language.other"]]) {
    wrong.delete(right);
  }
  return [...document.querySelectorAll("main *")]
    .filter((e) => e.children.length === 0 && e.getClientRects().length > 0)
    .map((e) => e.textContent.trim())
    .filter((words) => wrong.has(words));
}
"""


async def check(page: Page) -> None:
    """The step that is shown: in both languages, light and dark, and at every size."""
    where = await page.evaluate("document.body.dataset.shown")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe_source())
    for view in VIEWS:
        width, height, times, scheme = view
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(ENLARGE, times)
        wrong = await page.evaluate(CHECK)
        if view in AXE_AT:
            wrong += await page.evaluate(RUN_AXE)
        wrong += await _in_the_other_language(page)
        language = await page.evaluate(LANGUAGE)
        assert not wrong, f"{where}, {view}, {language}: {wrong}"
        if where != "unsupported":  # it has the words of one language
            await page.click("#language")
    if len(VIEWS) % 2 and where != "unsupported":
        await page.click("#language")
    assert await page.evaluate(MOVING) == [], "something moves although motion is reduced"


def axe_source() -> str:
    """axe-core as `axe-playwright-python` carries it."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text()


# Ids of the controls that can be seen and used now.
USABLE = """
() => [...document.querySelectorAll("button, input, select, textarea, a[href]")]
  .filter((e) => e.id && e.getClientRects().length > 0)
  .map((e) => e.id)
"""
FOCUSED = """
() => {
  const { id } = document.activeElement;
  return [id, getComputedStyle(document.activeElement).outlineStyle];
}
"""


async def controls(page: Page) -> set[str]:
    """What can be used in the step that is shown. Each is reached by the tab key, and its focus
    can be seen."""
    wanted = set(await page.evaluate(USABLE))
    reached: set[str] = set()
    for _ in range(2 * len(wanted) + 6):
        if wanted <= reached:
            break
        await page.keyboard.press("Tab")
        focused, outline = await page.evaluate(FOCUSED)
        if focused in wanted:
            assert outline == "solid", f"the focus on {focused} cannot be seen"
            reached.add(focused)
    assert wanted <= reached, f"not reached by keyboard: {wanted - reached}"
    return reached


RUN_AXE = """
async () => {
  const only = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const { violations } = await axe.run(document, { runOnly: only });
  return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
}
"""


async def press_until_focused(page: Page, selector: str, key: str = "Tab") -> None:
    for _ in range(30):
        await page.keyboard.press(key)
        if await page.evaluate("s => document.activeElement.matches(s)", selector):
            outline = "getComputedStyle(document.activeElement).outlineStyle"
            assert await page.evaluate(outline) == "solid", "the focus cannot be seen"
            return
    pytest.fail(f"{selector} cannot be reached with {key}")


async def _in_the_other_language(page: Page) -> list[str]:
    """What the page asks the box for in its new language comes a moment later."""
    for _ in range(100):
        if not (found := list(await page.evaluate(OTHER_LANGUAGE))):
            return []
        await asyncio.sleep(0.1)
    return found
