"""Ways to the screens of acts on the whole hall, for pictures and for what holds on all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from appliance.core.exam import ExamState
from appliance.core.feed import SeatStatus
from appliance.core.handover import Duty, OnDuty, ShiftNote
from appliance.core.ids import UserId
from appliance.core.processing import Category
from tests.tui import halls
from tests.tui.conftest import drawn, hall_is_shown, log_in, press_for, until
from tests.tui.scripted_box import ScriptedBox
from tui.screens.accommodation import AccommodationScreen
from tui.screens.break_ledger import BreakLedgerScreen
from tui.screens.close_out import CloseOutScreen
from tui.screens.hall import HallScreen
from tui.screens.hall_codes import HallCodesScreen
from tui.screens.handover import HandoverScreen
from tui.screens.identity_check import IdentityCheckScreen
from tui.screens.menu import MenuScreen
from tui.screens.start_gate import StartGateScreen
from tui.screens.start_reason import StartReasonScreen
from tui.widgets.picture import Picture

NOW = halls.NOW_MS


def _seat(box: ScriptedBox, label: str) -> SeatStatus:
    return next(seat for seat in box.view.seats.values() if seat.seat == label)


async def _hall(pilot: Pilot[None]) -> None:
    await log_in(pilot)
    await until(pilot, lambda: hall_is_shown(pilot) and "A3" in drawn(pilot))


async def hall_menu(pilot: Pilot[None], box: ScriptedBox) -> None:
    await _hall(pilot)
    await pilot.press("g")
    await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))


async def more_acts(pilot: Pilot[None], box: ScriptedBox) -> None:
    await box.tell(replace(_seat(box, "A3"), takeover_asked=True))
    await _hall(pilot)
    await pilot.press("a")
    await until(pilot, lambda: isinstance(pilot.app.screen, MenuScreen))


async def accommodation(pilot: Pilot[None], box: ScriptedBox) -> None:
    await box.tell(replace(_seat(box, "A3"), switched_off=frozenset({Category.FACE_COUNT})))
    await _hall(pilot)
    await pilot.press("a", "d")
    await until(pilot, lambda: isinstance(pilot.app.screen, AccommodationScreen))


async def break_ledger(pilot: Pilot[None], box: ScriptedBox) -> None:
    await box.tell(
        replace(_seat(box, "B2"), breaks=2, break_total_ms=60_000),
        replace(_seat(box, "C1"), breaks=1, break_total_ms=400_000),
        replace(_seat(box, "D2"), breaks=3, break_total_ms=1_500_000),
    )
    await _hall(pilot)
    await pilot.press("g", "l")
    await until(pilot, lambda: isinstance(pilot.app.screen, BreakLedgerScreen))
    await until(pilot, lambda: "25:00" in drawn(pilot))


async def identities(pilot: Pilot[None], box: ScriptedBox) -> None:
    await _hall(pilot)
    await pilot.press("g", "i")
    await until(pilot, lambda: isinstance(pilot.app.screen, IdentityCheckScreen))
    photo = pilot.app.screen.query_one("#identity-photo", Picture)
    await until(pilot, lambda: photo.shows_picture)


async def hall_code(pilot: Pilot[None], box: ScriptedBox) -> None:
    code = {"hall": "Hall A", "code": "07142", "until_ms": NOW + 150_000}
    box.hall_codes = {"needed": True, "codes": [code]}
    await _hall(pilot)
    await pilot.press("g", "k")
    await until(pilot, lambda: isinstance(pilot.app.screen, HallCodesScreen))
    await until(pilot, lambda: "150" in drawn(pilot) or "2 " in drawn(pilot))


def _check(name: str, status: str) -> dict[str, str]:
    """Its words are the box's; the console shows them as they come."""
    return {
        "name": name,
        "status": status,
        "detail": "9,1 / 2,0",
        "advice": "" if status == "ok" else "->",
    }


async def start_gate(pilot: Pilot[None], box: ScriptedBox) -> None:
    names = ("roster", "halls", "certificate", "models", "media workers", "relay", "backlog")
    box.gate = [_check("disk", "fail"), _check("clock", "warn"), _check("pepper", "warn")]
    box.gate += [_check(name, "ok") for name in names]
    await box.tell(halls.exam(ExamState.OPEN))
    await _hall(pilot)
    await pilot.press("g", "s")
    await until(pilot, lambda: isinstance(pilot.app.screen, StartGateScreen))
    await until(pilot, lambda: "9,1" in drawn(pilot))


async def start_reason(pilot: Pilot[None], box: ScriptedBox) -> None:
    await start_gate(pilot, box)
    await press_for(pilot, "escape", HallScreen)
    await press_for(pilot, "S", StartReasonScreen)
    await until(pilot, lambda: "9,1" in drawn(pilot))


def _open(box: ScriptedBox, label: str, why: str, **more: Any) -> dict[str, Any]:
    seat = _seat(box, label)
    return {
        "attempt_id": seat.attempt_id, "hall": seat.hall, "seat": label,
        "pseudonym": seat.pseudonym, "why": why, "arrived": 200, "missing": 0, "waiting": None,
        "link_lost_ms": None,
    } | more  # fmt: skip


async def close_out(pilot: Pilot[None], box: ScriptedBox) -> None:
    box.open_seats = [
        _open(box, "B5", "link_lost", waiting=12, link_lost_ms=NOW - 75_000),
        _open(box, "B2", "on_break"),
        _open(box, "C1", "writing"),
        _open(box, "E1", "sending", missing=3),
        _open(box, "A6", "not_here", missing=None),
    ]
    await _hall(pilot)
    await pilot.press("C")
    await until(pilot, lambda: isinstance(pilot.app.screen, CloseOutScreen))
    await until(pilot, lambda: "01:15" in drawn(pilot))


async def handover(pilot: Pilot[None], box: ScriptedBox) -> None:
    me = UserId("1" * 32)
    note = ShiftNote(note_id="1" * 32, at_ms=NOW - 600_000, by=me, by_name="Ingrid", text="B5 ~")
    duty = OnDuty(user_id=me, name="Ingrid", since_ms=NOW - 3_600_000, halls=("Hall A",))
    await box.tell(note, Duty(on_duty=(duty,)))
    await _hall(pilot)
    await pilot.press("g", "w")
    await until(pilot, lambda: isinstance(pilot.app.screen, HandoverScreen))
    await until(pilot, lambda: "B5 ~" in drawn(pilot))


ACT_SCENES = [
    hall_menu,
    more_acts,
    accommodation,
    identities,
    break_ledger,
    hall_code,
    start_gate,
    start_reason,
    close_out,
    handover,
]
