"""What to type next when the box refuses a step in an exam's life.

The box's sentences are read on every screen, so they name no command; who typed one is told the
next one here.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from appliance.cli.box_client import BoxClient
from appliance.core.errors import Refused

_LEADS_ON: Mapping[str, str] = {
    "draft": "ready", "ready": "open", "open": "start", "live": "close",
}  # fmt: skip


def start_all_the_same(exam: str) -> str:
    return f'`hallvakt exam start {exam} --override "REASON"`'


@asynccontextmanager
async def told_what_next(box: BoxClient, exam: str, exam_id: str) -> AsyncIterator[None]:
    """Raise what the block raises, a refusal with the command after its sentence. `exam`: what the
    person typed for it."""
    try:
        yield
    except Refused as error:
        if not (typed := await _what_next(box, exam, exam_id, error.code)):
            raise
        raise type(error)(f"{error.message} {typed}", code=error.code) from error


async def _what_next(box: BoxClient, exam: str, exam_id: str, code: str) -> str:
    match code:
        case "start-gate":
            return f"To start all the same, type {start_all_the_same(exam)}."
        case "no-roster":
            return f"Type `hallvakt exam import-roster {exam} FILE`."
        case "exam-state" | "wrong-state":
            status = await box.call("GET", f"/exams/{exam_id}")
            step = _LEADS_ON.get(status["state"])
            return f"What comes next for it: `hallvakt exam {step} {exam}`." if step else ""
        case _:
            return ""
