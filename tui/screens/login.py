"""Who are you? User, passphrase, and a one-time code where one is enrolled."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Center, Vertical
from textual.message import Message
from textual.widgets import Input, Label, Static

from appliance.core.errors import HallvaktError
from tui.language import tr
from tui.screens.base import ConsoleScreen
from tui.shift import Shift
from tui.widgets.field import Field
from tui.widgets.key_footer import KeyFooter


class _Name(Field):
    """Enter goes on at once: what is typed behind it is the passphrase, and is nowhere shown.

    The letters before it are on their way to this field already, so that it overtakes none.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "onward", "ok", priority=True)]

    async def action_onward(self) -> None:
        passphrase = self.screen.query_one("#passphrase", Input)
        if passphrase.value:
            await self.action_submit()
        else:
            self.screen.set_focus(passphrase)


class LoginScreen(ConsoleScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "app.focus_next", "next field"),
        Binding("up", "app.focus_previous", show=False),
    ]

    class Done(Message):
        """Logged in; `shift.client` holds the login."""

    def __init__(self, shift: Shift, why: str = "") -> None:
        super().__init__(shift)
        self._why = why

    def compose(self) -> ComposeResult:
        with Center(id="login-place"), Vertical(id="login"):
            yield Static("Hallvakt", id="login-name")
            yield Static(
                tr("Invigilator's console · {box}", box=self.shift.client.target.label),
                id="login-box",
            )
            yield Label(tr("User"))
            yield _Name(self.shift.user, id="user", compact=True)
            yield Label(tr("Passphrase"))
            yield Field(password=True, id="passphrase", compact=True)
            yield Label(tr("One-time code (leave empty if you have none)"))
            yield Field(id="code", max_length=8, compact=True)
            yield Static(self._why, id="login-says", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#passphrase" if self.shift.user else "#user", Input).focus()
        if self.shift.passphrase:
            self.query_one("#passphrase", Input).value = self.shift.passphrase
            self.shift.passphrase = ""
            self.on_input_submitted()

    def on_input_submitted(self) -> None:
        """Go to the first empty field that is needed, or log in."""
        for field in ("#user", "#passphrase"):
            box = self.query_one(field, Input)
            if not box.value:
                box.focus()
                return
        self._says(tr("Logging in … (this takes a moment on purpose)"), error=False)
        self.request(self._log_in(), group="login")

    async def _log_in(self) -> None:
        user, passphrase, code = (
            self.query_one(field, Input).value for field in ("#user", "#passphrase", "#code")
        )
        try:
            await self.shift.client.login(user.strip(), passphrase, code.strip())
        except HallvaktError as error:
            self.refused(error)
            return
        self.shift.user = user.strip()
        self.post_message(self.Done())

    def refused(self, error: HallvaktError) -> None:
        self._says(error.message, error=True)
        for field in ("#passphrase", "#code"):
            self.query_one(field, Input).value = ""
        self.query_one("#passphrase", Input).focus()

    def _says(self, text: str, *, error: bool) -> None:
        says = self.query_one("#login-says", Static)
        says.update(text)
        says.set_class(error, "-error")
