"""Which screen each picture shows, so that a screen without a picture is noticed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from textual.screen import Screen

import tui
from tui.commands import ConsolePalette
from tui.first_boot.screen import StepScreen
from tui.screens.accommodation import AccommodationScreen
from tui.screens.ask_text import AskTextScreen
from tui.screens.ask_yes import AskYesScreen
from tui.screens.boxes import BoxesScreen
from tui.screens.break_ledger import BreakLedgerScreen
from tui.screens.close_out import CloseOutScreen
from tui.screens.closed import ClosedScreen
from tui.screens.decision import DecisionScreen
from tui.screens.doctor import DoctorScreen
from tui.screens.exam_choice import ExamChoiceScreen
from tui.screens.film_strip import FilmStripScreen
from tui.screens.filter_choice import FilterScreen
from tui.screens.find import FindScreen
from tui.screens.hall import HallScreen
from tui.screens.hall_codes import HallCodesScreen
from tui.screens.handover import HandoverScreen
from tui.screens.help import HelpScreen
from tui.screens.identity_check import IdentityCheckScreen
from tui.screens.live_view import LiveViewScreen
from tui.screens.live_wall import LiveWallScreen
from tui.screens.login import LoginScreen
from tui.screens.menu import MenuScreen
from tui.screens.paper_record import PaperRecordScreen
from tui.screens.seat import SeatScreen
from tui.screens.start_gate import StartGateScreen
from tui.screens.start_reason import StartReasonScreen

AnyScreen = type[Screen[Any]]

# By the scene's name; every other scene shows the hall.
_SHOWN: dict[str, AnyScreen] = {
    "login": LoginScreen,
    "exam_choice": ExamChoiceScreen,
    "doctor": DoctorScreen,
    "filter_choice": FilterScreen,
    "palette": ConsolePalette,
    "seat": SeatScreen,
    "film_strip": FilmStripScreen,
    "live_view": LiveViewScreen,
    "live_ended": LiveViewScreen,
    "live_wall": LiveWallScreen,
    "dismiss": DecisionScreen,
    "message": AskTextScreen,
    "find": FindScreen,
    "close_first": AskYesScreen,
    "close_second": AskTextScreen,
    "closed": ClosedScreen,
    "paper_record": PaperRecordScreen,
    "help_screen": HelpScreen,
    "hall_menu": MenuScreen,
    "more_acts": MenuScreen,
    "accommodation": AccommodationScreen,
    "identities": IdentityCheckScreen,
    "break_ledger": BreakLedgerScreen,
    "hall_code": HallCodesScreen,
    "start_gate": StartGateScreen,
    "start_reason": StartReasonScreen,
    "close_out": CloseOutScreen,
    "handover": HandoverScreen,
}
# test_boxes.py and test_first_boot.py take theirs themselves.
_ELSEWHERE: set[AnyScreen] = {BoxesScreen, StepScreen}


def shown_in(scene: str) -> AnyScreen:
    return _SHOWN.get(scene, HallScreen)


def pictured(scenes: list[str]) -> set[AnyScreen]:
    return {shown_in(scene) for scene in scenes} | _ELSEWHERE


def every_screen() -> set[AnyScreen]:
    """Those of the console's own classes that no other of them is built upon."""
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    ours = {kind for kind in _below(Screen) if kind.__module__.startswith("tui.")}
    return ours - {base for kind in ours for base in kind.__mro__[1:]}


def _below(kind: AnyScreen) -> Iterator[AnyScreen]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)
