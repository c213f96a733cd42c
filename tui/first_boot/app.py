"""The first boot on screens: one after the other, until nothing is left."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path, PurePath
from typing import ClassVar

from textual.binding import Binding, BindingType

from appliance.core.errors import HallvaktError
from tui.first_boot.screen import StepScreen
from tui.first_boot.wizard import Wizard
from tui.language import text, tr
from tui.terminal_colours import ColoursApp
from tui.themes import THEMES, following

_STYLES = Path(__file__).parents[1] / "styles"


class FirstBootApp(ColoursApp):
    """Textual's own commands are off, as on the console: a screenshot would hold a secret."""

    TITLE = "Hallvakt"
    CSS_PATH: ClassVar[str | PurePath | list[str | PurePath] | None] = [
        _STYLES / "frame.tcss",
        _STYLES / "first_boot.tcss",
    ]
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+t",
            "theme",
            "colours",
            show=False,
            tooltip=text("Change colours: dark, light, high contrast"),
        ),
        Binding(
            "ctrl+q",
            "quit",
            "quit",
            priority=True,
            tooltip=text("Leave; it goes on here the next time"),
        ),
    ]

    def __init__(self, wizard: Wizard, *, colours: bool = True) -> None:
        """`colours`: whether the terminal has any."""
        super().__init__(colours=colours)
        self._wizard = wizard
        self._here = True
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours of our own, for the moment before a theme is in place."""
        return THEMES[0].variables

    async def on_mount(self) -> None:
        self._here = await asyncio.to_thread(os.access, ".", os.W_OK)
        await self._go_on()

    async def on_step_screen_done(self) -> None:
        await self._go_on()

    async def _go_on(self) -> None:
        try:
            step = await self._wizard.next()
        except HallvaktError as error:
            self.exit(return_code=error.exit_code, message=error.message)
            return
        if step is None:
            self.exit(message=tr("All is done. `hallvakt doctor` says how the box is."))
            return
        if len(self.screen_stack) > 1:
            await self.switch_screen(StepScreen(self._wizard, step, here=self._here))
        else:
            await self.push_screen(StepScreen(self._wizard, step, here=self._here))

    def action_theme(self) -> None:
        self.theme = following(self.theme)
