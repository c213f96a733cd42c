"""A live view of one seat. Nothing is stored; the candidate's page says that somebody looks."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION
from appliance.core.ids import AttemptId
from tui.hall_watch import Changes
from tui.language import text, tr
from tui.live import LiveView, Phase
from tui.screens.base import ConsoleScreen
from tui.seat_words import without_colours
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.picture import Picture
from tui.widgets.title_bar import TitleBar
from tui.words import span, stopwatch

_PAINT_EVERY_S = 0.1
_PHASE_WORDS = {
    Phase.CONNECTING: text("connecting through the relay …"),
    Phase.WAITING: text("connected; waiting for the first picture …"),
}


class LiveViewScreen(ConsoleScreen[None]):
    """Owns its `LiveView`: leaving the screen, in whatever way, ends the view."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,space", "back", "end the view"),
        Binding("r", "again", "look again"),
    ]

    def __init__(self, shift: Shift, attempt: AttemptId) -> None:
        super().__init__(shift)
        self._attempt = attempt
        self._view: LiveView | None = None
        self._ended = ""

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Picture(tr("connecting …"), raw=True, id="live")
        yield Static("", id="live-says", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.app.clear_notifications()  # a toast would crop the raw picture
        self.follow(self._changed)
        self.set_interval(_PAINT_EVERY_S, self._paint)
        self.set_interval(1.0, self._show_title)
        self._show_title()
        self.action_again()

    def action_again(self) -> None:
        """Open the view, or open it again after it ended."""
        if self._view is None and self.shift.watch is not None:
            self._ended = ""
            self.refresh_bindings()
            self.request(self._look(), group="live")

    async def _look(self) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        view = self.shift.view_opener(self.shift.client, watch.exam_id, self._attempt)
        self._view = view
        try:
            why = await view.run()
        finally:
            self._view = None  # first of all, or its last picture would be drawn once more
        self._over(why)

    def refused(self, error: HallvaktError) -> None:
        self._over(error.message)

    def _over(self, why: str) -> None:
        self._ended = why
        if self.is_attached:
            self.query_one(Picture).clear(
                f"{tr('The live view has ended.')}\n\n{tr(why)}\n\n{tr('r looks again')}"
            )
            self._paint()
            self.refresh_bindings()

    def _changed(self, changes: Changes) -> None:
        watch = self.shift.watch
        exam = watch.view.exam if watch else None
        if changes.ended is not None or (exam is not None and exam.state not in IN_SESSION):
            self.action_back()

    def _paint(self) -> None:
        view = self._view
        picture = self.query_one(Picture)
        if view is not None:
            pixels = view.take_picture(*picture.cells)
            if pixels is not None:
                picture.show_pixels(pixels)
            elif not view.frames:
                picture.say(phase_words(view))
            elif picture.is_colourless:
                picture.say(without_colours(tr("picture {age} old", age=span(view.age_s))))
        self.query_one("#live-says", Static).update(self._words(view))

    def _words(self, view: LiveView | None) -> Content:
        if view is None:
            ended = tr("ended: {why}", why=tr(self._ended)) if self._ended else "…"
            return Content.styled(f" {ended}", "bold $warning")
        if not view.frames:
            return Content.styled(f" {phase_words(view)}", "$foreground")
        running = stopwatch(int(view.running_s * 1000))
        parts = [
            (f" {self.shift.sign('●')} {tr('live')} ", "bold $success"),
            (
                f"{running} · " + tr("{n} pictures a second", n=f"{view.frames_per_second:.0f}"),
                "",
            ),
            (" · " + tr("not stored · the candidate is told"), "$faint"),
        ]
        if view.is_stalled:
            stalled = tr("PICTURE STALLED FOR {time}", time=span(view.age_s))
            parts[0] = (f" {stalled} ", "bold $error")
        return Content.assemble(*parts)

    def _show_title(self) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        seat = watch.view.seats.get(self._attempt)
        name = f" · {seat.name}" if seat and seat.name and not self.shift.names_hidden else ""
        title = tr("Live · seat {seat}", seat=self.shift.place(seat)) + name
        self.query_one(TitleBar).show(title, watch.view.exam, self.now_ms)

    def say(self, text: str, *, error: bool = False) -> None:
        """In the line below the picture: a raw picture must not be covered by a toast."""
        self._ended = text

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._view is None if action == "again" else True

    def action_back(self) -> None:
        if self.is_current:
            self.dismiss(None)


def phase_words(view: LiveView) -> str:
    """What a view without a picture is waiting for."""
    return tr(_PHASE_WORDS[view.phase]) if view.phase in _PHASE_WORDS else "…"
