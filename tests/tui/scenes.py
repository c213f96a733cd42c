"""Ways to bring the console to a screen: for pictures of it and for what holds on all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widgets import OptionList

from appliance.core.exam import ExamState
from tests.tui import halls
from tests.tui.act_scenes import ACT_SCENES
from tests.tui.conftest import drawn, hall_is_shown, log_in, press_for, until
from tests.tui.pretend_views import PretendView
from tests.tui.scripted_box import ScriptedBox
from tui.app import ConsoleApp
from tui.feed_link import Link
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen
from tui.screens.hall import HallScreen
from tui.screens.live_view import LiveViewScreen
from tui.widgets.mosaic import Mosaic
from tui.widgets.picture import Picture
from tui.widgets.seat_board import SeatBoard

_CHECKS = (
    ("clock", "ok", "0,2", ""),
    ("disk", "fail", "9,1 / 240", "->"),
    ("tpm", "warn", "-", "->"),
    ("memory", "ok", "15,1 / 16", ""),
    ("network", "ok", "1000", ""),
)
Scene = Callable[[Pilot[None], ScriptedBox], Awaitable[None]]


async def login(pilot: Pilot[None], _: ScriptedBox) -> None:
    await until(pilot, lambda: bool(pilot.app.screen.query("#passphrase")))


async def hall(pilot: Pilot[None], _: ScriptedBox) -> None:
    await log_in(pilot)
    await until(pilot, lambda: hall_is_shown(pilot) and "A3" in drawn(pilot))


async def exam_choice(pilot: Pilot[None], _: ScriptedBox) -> None:
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    app.shift.exam_code = ""
    await log_in(pilot)
    await until(pilot, lambda: "Matematik 3c" in drawn(pilot))


async def doctor(pilot: Pilot[None], box: ScriptedBox) -> None:
    """Its words are the box's; the console shows them as they come."""
    box.role = "technician"
    box.gate = [
        {"name": name, "status": status, "detail": detail, "advice": advice}
        for name, status, detail, advice in _CHECKS
    ]
    await log_in(pilot)
    await until(pilot, lambda: "9,1 / 240" in drawn(pilot))


async def hall_light(pilot: Pilot[None], box: ScriptedBox) -> None:
    pilot.app.theme = "hallvakt-light"
    await hall(pilot, box)


async def hall_contrast(pilot: Pilot[None], box: ScriptedBox) -> None:
    pilot.app.theme = "hallvakt-contrast"
    await hall(pilot, box)


async def seat_list(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("t", "3")


async def mosaic(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("home", "v")
    board = pilot.app.screen.query_one(SeatBoard)
    view = board.view
    assert isinstance(view, Mosaic)
    await until(pilot, lambda: view.is_complete)


async def filter_choice(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("f", "down")


async def filtered(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("home", "f", "r")


async def palette(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("ctrl+p")
    await until(pilot, lambda: bool(pilot.app.screen.query_one(OptionList).option_count))


async def queue(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("tab", "down")
    await until(pilot, lambda: "▀" in drawn(pilot))  # frames of the evidence


async def link_lost(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    box.refusals["/feed"] = (503, "Restarting.")
    await box.cut_feeds()
    await until(pilot, lambda: _hall(pilot).hall.link is Link.LOST)
    await pilot.pause(0.1)


async def seat(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen.query_one("#latest", Picture).shows_picture)
    await until(pilot, lambda: "09:42:49" in drawn(pilot) or "09:42:35" in drawn(pilot))


async def film_strip(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("o")
    await until(pilot, lambda: "249" in drawn(pilot))


async def live_ended(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("l")
    await until(pilot, lambda: isinstance(pilot.app.screen, LiveViewScreen))
    screen = pilot.app.screen
    await until(pilot, lambda: bool(screen.check_action("again", ())))


async def live_view(pilot: Pilot[None], box: ScriptedBox) -> None:
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    PretendView.opened = []
    app.shift.view_opener = PretendView
    await hall(pilot, box)
    await press_for(pilot, "l", LiveViewScreen)
    await until(pilot, lambda: pilot.app.screen.query_one(Picture).shows_picture)


async def live_wall(pilot: Pilot[None], box: ScriptedBox) -> None:
    """Nine pretended views; the second has stalled."""
    app = pilot.app
    assert isinstance(app, ConsoleApp)
    PretendView.opened = []
    app.shift.view_opener = PretendView
    await hall(pilot, box)
    await pilot.press("home", *(["space", "down"] * 3), "home", "right", *(["space", "down"] * 3))
    await pilot.press("home", "right", "right", *(["space", "down"] * 3), "L")
    await until(pilot, lambda: len(PretendView.opened) == 9)
    PretendView.opened[1].stalled_for_s = 4.0
    await pilot.pause(0.3)


async def dismiss(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("d")


async def message(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("m", *"Hello")


async def find(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("slash", *"al")


async def close_first(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await press_for(pilot, "C", AskYesScreen)


async def close_second(pilot: Pilot[None], box: ScriptedBox) -> None:
    await close_first(pilot, box)
    await press_for(pilot, "y", AskTextScreen)


async def closed(pilot: Pilot[None], box: ScriptedBox) -> None:
    box.close_report = {
        "exam_id": halls.EXAM,
        "closed_ms": halls.NOW_MS,
        "late_until_ms": halls.NOW_MS + 3_600_000,
        "attempts": 30,
        "views_ended": 1,
        "views_ended_s": 0.4,
        "snippets": 7280,
        "unanalysed": 0,
        "incidents": 3,
        "undecided": 3,
        "live_key_destroyed": True,
        "audit_head": "5f3c9a10" * 8,
        "audit_words": "fused various papa bracelet dress guilt ajar smear",
    }
    await close_second(pilot, box)
    await pilot.press(*"k7m2qx", "enter")
    await until(pilot, lambda: "bracelet" in drawn(pilot))


async def paper_record(pilot: Pilot[None], box: ScriptedBox) -> None:
    await closed(pilot, box)
    await pilot.press("p")


async def help_screen(pilot: Pilot[None], box: ScriptedBox) -> None:
    await hall(pilot, box)
    await pilot.press("question_mark")


async def check_in(pilot: Pilot[None], box: ScriptedBox) -> None:
    await box.tell(halls.exam(ExamState.OPEN))
    await log_in(pilot)
    await until(pilot, lambda: hall_is_shown(pilot) and "A3" in drawn(pilot))


SCENES: list[Scene] = [
    login,
    exam_choice,
    doctor,
    hall,
    hall_light,
    hall_contrast,
    seat_list,
    mosaic,
    filter_choice,
    filtered,
    palette,
    queue,
    link_lost,
    seat,
    film_strip,
    live_view,
    live_ended,
    live_wall,
    dismiss,
    message,
    find,
    close_first,
    close_second,
    closed,
    paper_record,
    help_screen,
    check_in,
    *ACT_SCENES,
]


def _hall(pilot: Pilot[None]) -> HallScreen:
    return next(screen for screen in pilot.app.screen_stack if isinstance(screen, HallScreen))
