"""`hallvakt exam gate`: what must be right before the start."""

from __future__ import annotations

import sys

from appliance.cli.box_client import logged_in
from appliance.cli.exam_next import start_all_the_same, told_what_next
from appliance.cli.options import Caller, Json
from appliance.cli.output import answer

_MARKS = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}
_NOT_READY = 4


async def gate(
    exam: str,
    /,
    *,
    who: Caller,
    json: Json = False,
) -> None:
    """Look whether an exam is ready to be started: disk, clock, certificate, models, relay,
    backlog, roster, pepper. Exits with 4 when something needs a reason at the start.
    """
    from appliance.cli.exam import exam_id_of

    async with logged_in(who) as box:
        exam_id = await exam_id_of(box, exam)
        async with told_what_next(box, exam, exam_id):
            found = await box.call("GET", f"/exams/{exam_id}/start-gate")
    lines = []
    for check in found["checks"]:
        lines.append(f"{_MARKS[check['status']]}  {check['name']:<14}  {check['detail']}")
        if check["advice"]:
            lines.append(f"{'':<22}-> {check['advice']}")
    names = ", ".join(found["needs_reason"])
    lines.append(
        f"Not ready: {names}. Put it right, or say why it starts all the same: "
        f"{start_all_the_same(exam)}."
        if names
        else "Ready to start."
    )
    answer(found, lines, as_json=json)
    if not found["passed"]:
        sys.stdout.flush()
        sys.exit(_NOT_READY)
