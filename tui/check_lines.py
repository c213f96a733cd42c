"""Checks of the start gate and of the doctor as lines of a list."""

from __future__ import annotations

from collections.abc import Iterable
from textwrap import wrap

from textual.content import Content

from appliance.core.checkup import Check, CheckStatus
from tui.language import text, tr
from tui.told import told
from tui.words import fit

_NAMES = {
    "roster": text("roster"),
    "halls": text("halls"),
    "disk": text("disk"),
    "clock": text("clock"),
    "certificate": text("certificate"),
    "models": text("models"),
    "media workers": text("media workers"),
    "relay": text("relay"),
    "backlog": text("backlog"),
    "night": text("night"),
    "pepper": text("key protection"),
}
MARKS = {
    CheckStatus.OK: ("✓", "+", "$success"),
    CheckStatus.WARN: ("▲", "!", "bold $warning"),
    CheckStatus.FAIL: ("✗", "X", "bold $error"),
}

_NAME_WIDTH = 16


def check_name(check: Check) -> str:
    return tr(_NAMES.get(check.name, check.name))


def worst_first(checks: Iterable[Check]) -> list[Check]:
    return sorted(checks, key=lambda check: -list(CheckStatus).index(check.status))


def check_line(check: Check, *, letters: bool, width: int) -> Content:
    """A check with its mark, name, what was found and what to do, for a list `width` wide: at 80
    columns a command with a path of the box stays in one piece."""
    glyph, letter, tone = MARKS[check.status]
    room = max(30, width - _NAME_WIDTH - 9)
    detail, advice = (wrap(told(said), room) or [""] for said in (check.detail, check.advice))
    margin = "\n" + " " * (_NAME_WIDTH + 3)
    return Content.assemble(
        (f" {letter if letters else glyph} ", tone),
        (fit(check_name(check), _NAME_WIDTH), "bold"),
        margin.join(detail),
        (margin + margin.join(advice) if check.advice else "", "$faint"),
    )
