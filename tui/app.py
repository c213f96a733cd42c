"""The console: which screen follows which. What screens do is theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Key
from textual.notifications import SeverityLevel
from textual.screen import Screen

from appliance.core.ids import ExamId
from appliance.core.roles import Role
from tui.box_glance import BoxGlance, BoxState
from tui.commands import ConsolePalette
from tui.hall_watch import HallWatch
from tui.keys import working_keys
from tui.language import several, speak_another, text, tr
from tui.preferences import PreferencesFile
from tui.screens.base import ConsoleScreen, LoginWanted
from tui.screens.boxes import BoxesScreen
from tui.screens.closed import ClosedScreen
from tui.screens.dialog import TypingDialog
from tui.screens.doctor import DoctorScreen
from tui.screens.exam_choice import ExamChoiceScreen
from tui.screens.hall import HallScreen
from tui.screens.help import GOOD_TO_KNOW, HelpScreen
from tui.screens.live_view import LiveViewScreen
from tui.screens.live_wall import LiveWallScreen
from tui.screens.login import LoginScreen
from tui.seat_look import SeatLook
from tui.shift import Shift
from tui.signs import seat_signs
from tui.terminal_app import TerminalApp
from tui.terminal_pictures.probe import Asked
from tui.themes import THEMES, following

_ASKED_NOTHING = Asked()
_MOST_TOASTS = 2
_STYLES = Path(__file__).parent / "styles"


class ConsoleApp(TerminalApp):
    """Textual's own commands are off: its screenshot could write pictures to disk."""

    TITLE = "Hallvakt"
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        _STYLES / name for name in ("frame.tcss", "hall.tcss", "dialogs.tcss", "acts.tcss")
    ]
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    NOTIFICATION_TIMEOUT = 6.0
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it so that ClassVar clashes
        (0, "-narrow"),
        (100, "-middle"),
        (160, "-wide"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", tooltip=text("Explain this screen and its keys")),
        Binding(
            "f1",
            "help",
            "help",
            priority=True,
            tooltip=text("Explain this screen and its keys"),
        ),
        Binding(
            "ctrl+p,colon",
            "command_palette",
            "commands",
            tooltip=text("Search for anything that can be done here"),
        ),
        Binding(
            "ctrl+o",
            "boxes",
            "boxes",
            priority=True,
            tooltip=text("See all boxes; you stay logged in here"),
        ),
        Binding("ctrl+l", "lock", "lock", priority=True, tooltip=text("Lock the console at once")),
        Binding(
            "ctrl+t",
            "theme",
            "colours",
            show=False,
            tooltip=text("Change colours: dark, light, high contrast"),
        ),
        Binding(
            "f2",
            "language",
            "language",
            show=False,
            tooltip=text("Change the language: Swedish or English"),
        ),
        Binding("ctrl+q", "quit", "quit", priority=True, tooltip=text("Leave the console")),
    ]

    def __init__(
        self,
        shift: Shift,
        boxes: Sequence[BoxGlance] = (),
        asked: Asked = _ASKED_NOTHING,
        preferences: PreferencesFile | None = None,
        *,
        colours: bool = True,
    ) -> None:
        """`boxes`: all that this console watches when it is more than the one of `shift`.
        `asked`: what this terminal said about pictures. `preferences`: this person's, kept.
        `colours`: whether the terminal has any."""
        super().__init__(asked, colours=colours)
        self.shift = shift
        self.boxes = tuple(boxes)
        self._eyes: dict[str, int] = {}
        for theme in THEMES:
            self.register_theme(theme)
        self._preferences = preferences or PreferencesFile()
        self.theme = self._preferences.now.theme or THEMES[0].name

    def on_mount(self) -> None:
        self._say_trouble()
        if not self.boxes:
            self.push_screen(LoginScreen(self.shift))
            return
        for glance in self.boxes:
            self.run_worker(glance.run(), group="boxes")
        self.set_interval(1.0, self._say_what_others_need)
        self.push_screen(BoxesScreen(self.boxes))

    async def on_unmount(self) -> None:
        async with asyncio.TaskGroup() as leaving:
            for shift in self._shifts():
                leaving.create_task(_leave(shift))

    def exit(self, *arguments: Any, **named: Any) -> None:
        """Pictures leave the terminal first: after the end nobody could take them back."""
        self.painter.close()
        super().exit(*arguments, **named)

    def _shifts(self) -> list[Shift]:
        """One per box."""
        return [glance.shift for glance in self.boxes] or [self.shift]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of our own, for the moment before a theme is in place."""
        return THEMES[0].variables

    # which screen follows which

    def on_key(self, event: Key) -> None:
        if isinstance(self.screen, TypingDialog) and self.screen.takes(event):
            event.prevent_default()

    def on_boxes_screen_chosen(self, event: BoxesScreen.Chosen) -> None:
        glance = event.glance
        self.shift, self.title = glance.shift, glance.name
        if len(glance.exams) == 1:
            self.shift.exam_code = glance.exams[0].code  # straight into its hall
        ended = glance.state is BoxState.LOGIN and bool(glance.why)
        if self.shift.client.login_reply is None or ended:
            self.show_only(LoginScreen(self.shift, glance.why))
        else:
            self.show_only(self._first_screen())

    def on_login_screen_done(self) -> None:
        self.show_only(self._first_screen())

    def _first_screen(self) -> Screen[None]:
        """A technician sees the box, everybody else the exams."""
        login = self.shift.client.login_reply
        if login is not None and login.role is Role.TECHNICIAN:
            return DoctorScreen(self.shift)
        return ExamChoiceScreen(self.shift)

    def on_exam_choice_screen_chosen(self, event: ExamChoiceScreen.Chosen) -> None:
        if self.shift.watch is not None:
            return  # chosen twice before the hall came up
        self.shift.watch = self._watch_of(event.exam.exam_id)
        self.show_only(HallScreen(self.shift))

    def _watch_of(self, exam: ExamId) -> HallWatch:
        return HallWatch(self.shift.client, exam, self.shift.clock, self.shift.feed_pauses_s)

    def on_hall_screen_left(self) -> None:
        self._to_exams()

    def on_hall_screen_closed(self, event: HallScreen.Closed) -> None:
        exam = self.shift.watch.view.exam if self.shift.watch else None
        self.shift.forget()
        self.show_only(ClosedScreen(self.shift, exam, event.report, event.why))

    def on_closed_screen_left(self) -> None:
        self._to_exams()

    def on_login_wanted(self, event: LoginWanted) -> None:
        self._to_login(event.why)

    def _to_exams(self) -> None:
        self.shift.forget()
        self.show_only(ExamChoiceScreen(self.shift))

    def _to_boxes(self, why: str = "") -> None:
        at = next(glance for glance in self.boxes if glance.shift is self.shift)
        self.shift.forget()
        self.title = self.TITLE
        for glance in self.boxes:
            glance.look_soon()
        self.show_only(BoxesScreen(self.boxes, why, at))

    def _say_what_others_need(self) -> None:
        """Whoever is busy with one box hears when another one needs eyes that did not before."""
        for glance in self.boxes:
            eyes, before = glance.count(SeatLook.NEEDS_EYES), self._eyes.get(glance.name, 0)
            self._eyes[glance.name] = eyes
            elsewhere = glance.shift is not self.shift and not isinstance(self.screen, BoxesScreen)
            if eyes > before and elsewhere:
                needs = several("{n} needs eyes", "{n} need eyes", eyes)
                self.notify(f"{glance.name}: {needs}", severity="warning", markup=False)

    def _lock_boxes(self) -> None:
        """Who leaves one console leaves all its boxes."""
        for glance in self.boxes:
            glance.shift.forget()
            glance.forget()
            glance.state = BoxState.ASKING
            self.run_worker(glance.shift.client.logout(), group="logout")
        self._to_boxes(tr("Locked. Log in to go on; recording was not interrupted."))

    def _to_login(self, why: str) -> None:
        watch = self.shift.watch
        if watch is not None and watch.view.exam is not None:
            self.shift.exam_code = watch.view.exam.code  # back to the same hall afterwards
        self.shift.forget()
        self.run_worker(self.shift.client.logout(), group="logout")
        self.show_only(LoginScreen(self.shift, why))

    def show_only(self, screen: Screen[None]) -> None:
        """Show this screen and none below it: what was open ends, live views first of all."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.painter.forget_all()
        self.clear_notifications()
        self.push_screen(screen)

    # keys of the whole console

    def action_lock(self) -> None:
        if self.boxes:
            self._lock_boxes()
        elif not isinstance(self.screen, LoginScreen):
            self._to_login(tr("Locked. Log in to go on; recording was not interrupted."))

    def action_boxes(self) -> None:
        self._to_boxes()

    def action_theme(self) -> None:
        self.theme = following(self.theme)
        self._keep(theme=self.theme)

    def action_language(self) -> None:
        self.run_worker(self._speak_another(), group="language", exclusive=True)

    async def _speak_another(self) -> None:
        spoken = await asyncio.to_thread(speak_another)
        self._keep(language=spoken)
        self._show_again()

    def _show_again(self) -> None:
        """The same place in the new language; what was open on top of it is closed."""
        if self.shift.watch is not None:
            self.shift.watch = self._watch_of(self.shift.watch.exam_id)
            self.show_only(HallScreen(self.shift))
        elif isinstance(self.screen, BoxesScreen):
            self.show_only(BoxesScreen(self.boxes))
        elif self.shift.client.login_reply is not None:
            self.show_only(self._first_screen())
        else:
            self.show_only(LoginScreen(self.shift))

    def _keep(self, **changes: str) -> None:
        async def keep() -> None:
            await asyncio.to_thread(partial(self._preferences.keep, **changes))
            self._say_trouble()

        self.run_worker(keep(), group="preferences")

    def _say_trouble(self) -> None:
        if trouble := self._preferences.trouble:
            self._preferences.trouble = ""
            self.notify(trouble, severity="warning", markup=False)

    def action_help(self) -> None:
        if isinstance(self.screen, HelpScreen):
            return
        below = next((s for s in reversed(self.screen_stack) if isinstance(s, ConsoleScreen)), None)
        signs = below.signs() if below else seat_signs(letters=self.shift.letters)
        know = below.good_to_know if below else GOOD_TO_KNOW
        self.push_screen(HelpScreen(working_keys(self.screen), signs, know))

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, (ConsolePalette, HelpScreen)):
            self.push_screen(ConsolePalette())

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "lock":
            return bool(self.boxes) or not isinstance(self.screen, LoginScreen)
        if action == "boxes":
            return bool(self.boxes) and not isinstance(self.screen, BoxesScreen)
        return True

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        return ()

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """A toast, but never over a live picture, which must not be cropped. Quick work does not
        pile them up over the hall: the newest stay."""
        if not isinstance(self.screen, (LiveViewScreen, LiveWallScreen)):
            if len(self._notifications) >= _MOST_TOASTS:
                self._unnotify(next(iter(self._notifications)), refresh=False)
            super().notify(message, title=title, severity=severity, timeout=timeout, markup=markup)


async def _leave(shift: Shift) -> None:
    await shift.client.logout()
    await shift.client.close()
