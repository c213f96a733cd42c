"""Up to nine live views at once. Nothing is stored; every candidate's page says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION
from appliance.core.ids import AttemptId
from tui.hall_watch import Changes
from tui.language import several, text, tr
from tui.live import LiveView
from tui.problems import LoginEnded
from tui.screens.base import ConsoleScreen, LoginWanted
from tui.screens.live_view import LiveViewScreen, phase_words
from tui.shift import Shift
from tui.wall_layout import MOST_TILES
from tui.widgets.key_footer import KeyFooter
from tui.widgets.picture_wall import PictureWall, Tile
from tui.widgets.title_bar import TitleBar
from tui.words import span

_PAINT_EVERY_S = 0.1


class LiveWallScreen(ConsoleScreen[None]):
    """Owns its views: leaving the screen, in whatever way, ends them all."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,space", "back", "end the views"),
        Binding("r", "again", "look again", tooltip=text("Open the views again that have ended")),
        *(
            Binding(
                str(number),
                f"choose({number - 1})",
                "only this one",
                show=number == 1,
                key_display=f"1–{MOST_TILES}" if number == 1 else None,
                tooltip=text("Only this one, large"),
            )
            for number in range(1, MOST_TILES + 1)
        ),
    ]

    def __init__(self, shift: Shift, attempts: Sequence[AttemptId]) -> None:
        super().__init__(shift)
        self._attempts = tuple(attempts[:MOST_TILES])
        self._views: dict[AttemptId, LiveView] = {}
        self._ended: dict[AttemptId, str] = {}
        self._live = 0
        self._tiles = [Tile(words=tr("connecting …")) for _ in self._attempts]

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield PictureWall(self._tiles)
        yield Static("", id="live-says", markup=False)
        yield KeyFooter()

    def on_mount(self) -> None:
        self.app.clear_notifications()  # a toast would crop a raw picture
        self.follow(self._changed)
        self.set_interval(_PAINT_EVERY_S, self._paint)
        self.set_interval(1.0, self._show_words)
        self._show_words()
        self.action_again()

    # life of the views

    def action_again(self) -> None:
        for attempt in self._attempts:
            if attempt not in self._views:
                self._ended.pop(attempt, None)
                self.run_worker(self._look(attempt), group=f"live-{attempt}")
        self.refresh_bindings()

    async def _look(self, attempt: AttemptId) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        view = self.shift.view_opener(self.shift.client, watch.exam_id, attempt)
        self._views[attempt] = view
        try:
            self._ended[attempt] = await view.run()
        except LoginEnded as error:
            self.post_message(LoginWanted(error.message))
        except HallvaktError as error:
            self._ended[attempt] = error.message
        finally:
            del self._views[attempt]
        if self.is_attached:
            self.refresh_bindings()

    def _changed(self, changes: Changes) -> None:
        watch = self.shift.watch
        exam = watch.view.exam if watch else None
        if changes.ended is not None or (exam is not None and exam.state not in IN_SESSION):
            self.action_back()

    # what is shown

    def _paint(self) -> None:
        if not self.is_active:
            return
        wall = self.query_one(PictureWall)
        for number, attempt in enumerate(self._attempts):
            tile, view = self._tiles[number], self._views.get(attempt)
            before = (tile.caption, tile.tone, tile.words)
            pixels = view.take_picture(*wall.cells) if view is not None else None
            if pixels is not None:
                tile.pixels = pixels
            if view is None:
                tile.pixels = None  # nothing of a view is kept
            tile.caption, tile.tone = self._caption(number, attempt, view)
            tile.words = self._words(attempt, view)
            if pixels is not None or before != (tile.caption, tile.tone, tile.words):
                wall.changed(number)
        if self._count_live() != self._live:
            self._show_words()

    def _caption(self, number: int, attempt: AttemptId, view: LiveView | None) -> tuple[str, str]:
        watch = self.shift.watch
        seat = watch.view.seats.get(attempt) if watch else None
        name = f" {seat.name}" if seat and seat.name and not self.shift.names_hidden else ""
        head = f"{number + 1} {self.shift.place(seat)}{name}"
        if view is None:
            return f"{self.shift.sign('×')} {head}", "faint"
        if view.is_stalled:
            return f"! {head} · {tr('STALLED {time}', time=span(view.age_s))}", "alarm"
        return f"{self.shift.sign('●')} {head}", "good" if view.frames else "calm"

    def _words(self, attempt: AttemptId, view: LiveView | None) -> str:
        if view is None:
            return tr("ended: {why}", why=tr(self._ended.get(attempt, "…")))
        if view.frames:
            return tr("picture {age} old", age=span(view.age_s))
        return phase_words(view)

    def _show_words(self) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        title = several("{n} live view", "{n} live views", len(self._attempts))
        self.query_one(TitleBar).show(title, watch.view.exam, self.now_ms)
        self._live = self._count_live()
        says = tr("{n} of {all} live", n=self._live, all=len(self._attempts))
        rest = tr("relayed · not stored · the candidate is told")
        self.query_one("#live-says", Static).update(
            Content.assemble(
                (f" {self.shift.sign('●')} {says} ", "bold $success"), (f"· {rest}", "$faint")
            )
        )

    def _count_live(self) -> int:
        return sum(1 for view in self._views.values() if view.frames and not view.is_stalled)

    def say(self, text: str, *, error: bool = False) -> None:
        """Nowhere: each tile says what happened to its view, and a toast would crop pictures."""

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "again":
            return len(self._views) < len(self._attempts)
        if action == "choose":
            return int(str(parameters[0])) < len(self._attempts)
        return True

    def on_picture_wall_chosen(self, event: PictureWall.Chosen) -> None:
        self.action_choose(event.number)

    def action_choose(self, number: int) -> None:
        """In the place of the wall, so that no view stays open unseen."""
        if number < len(self._attempts):
            self.app.switch_screen(LiveViewScreen(self.shift, self._attempts[number]))

    def action_back(self) -> None:
        if self.is_current:
            self.dismiss(None)
