"""The code of each hall, large, to turn the screen towards the room or read out."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Digits, Static

from appliance.core.errors import HallvaktError
from appliance.core.joining import HallCode
from tui.act_replies import HallCodes
from tui.language import tr
from tui.screens.dialog import Dialog
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.words import span

_ASK_AGAIN_S = 10.0


class HallCodesScreen(Dialog[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down", "step(1)", "next hall"),
        Binding("left,up", "step(-1)", show=False),
        Binding("escape", "back", "back"),
    ]

    def __init__(self, shift: Shift) -> None:
        super().__init__()
        self._shift = shift
        self._found: HallCodes | None = None
        self._at = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = tr("The hall's code")
            yield Static("", id="code-hall", markup=False)
            yield Digits("", id="code")
            yield Static(tr("Asking the box …"), id="code-says", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.set_interval(1.0, self._tick)
        self.set_interval(_ASK_AGAIN_S, self._ask)
        self._ask()

    def _ask(self) -> None:
        self.run_worker(self._load(), group="codes", exclusive=True)

    async def _load(self) -> None:
        watch = self._shift.watch
        if watch is None:
            return
        try:
            self._found = await self._shift.client.hall_codes(watch.exam_id)
        except HallvaktError as error:
            self.query_one("#code-says", Static).update(error.message)
            return
        self._show()

    @property
    def shown(self) -> HallCode | None:
        codes = self._found.codes if self._found else ()
        return codes[self._at % len(codes)] if codes else None

    def _tick(self) -> None:
        code = self.shown
        if code is not None and code.until_ms <= self._shift.clock.now_ms():
            self._ask()  # once a second: an answer that is old already asks for no other by itself
        self._show()

    def _show(self) -> None:
        if self._found is None:
            return
        code, says = self.shown, self.query_one("#code-says", Static)
        if code is None:
            says.update(tr("This exam asks for no code: a slip is enough."))
            return
        left_s = (code.until_ms - self._shift.clock.now_ms()) / 1000
        self.query_one("#code-hall", Static).update(Content.styled(code.hall, "bold"))
        self.query_one(Digits).update(" ".join(code.code))
        says.update(
            tr(
                "Candidates of this hall type it once, with their slip. A new one in {time}; this "
                "one is still taken for a while after that.",
                time=span(max(0.0, left_s)),
            )
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "step":
            return self._found is not None and len(self._found.codes) > 1
        return True

    def action_step(self, by: int) -> None:
        self._at += by
        self._show()

    def action_back(self) -> None:
        self.dismiss(None)
