"""A snippet as a film strip: its stills side by side; other snippets one key away."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid
from textual.widgets import Static

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION
from appliance.core.ids import AttemptId
from tui.hall_watch import Changes
from tui.language import tr
from tui.replies import SnippetLine, Still
from tui.screens.base import ConsoleScreen
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.picture import Picture
from tui.widgets.title_bar import TitleBar
from tui.words import time_of_day

_STILLS = 6


class FilmStripScreen(ConsoleScreen[None]):
    """`sequence` is the snippet to begin with; None or one that is gone begins with the newest."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back"),
        Binding("left", "step(-1)", "earlier"),
        Binding("right", "step(1)", "later"),
        Binding("end", "newest", "newest"),
    ]

    def __init__(self, shift: Shift, attempt: AttemptId, sequence: int | None) -> None:
        super().__init__(shift)
        self._attempt = attempt
        self._wanted = sequence
        self._snippets: tuple[SnippetLine, ...] = ()
        self._at = 0

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Static("", id="strip-about", markup=False)
        with Grid(id="strip"):
            for number in range(_STILLS):
                yield Picture("", id=f"still-{number}")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.follow(self._changed)
        self.set_interval(1.0, self._show_title)
        self._show_title()
        self.request(self._load(), group="strip")

    def _changed(self, changes: Changes) -> None:
        watch = self.shift.watch
        exam = watch.view.exam if watch else None
        if changes.ended is not None or (exam is not None and exam.state not in IN_SESSION):
            self._clear(tr("The exam is closed; the box can no longer open pictures."))

    def refused(self, error: HallvaktError) -> None:
        self._clear(error.message)

    async def _load(self) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        detail = await self.shift.client.attempt(watch.exam_id, self._attempt)
        self._snippets = tuple(sorted(detail.snippets, key=lambda s: s.sequence))
        if not self._snippets:
            self._clear(tr("There is no snippet yet."))
            return
        numbers = [snippet.sequence for snippet in self._snippets]
        self._at = numbers.index(self._wanted) if self._wanted in numbers else len(numbers) - 1
        await self._open()

    async def _open(self) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        snippet = self._snippets[self._at]
        self._clear(tr("opening …"))
        stills = await self.shift.client.film_strip(
            watch.exam_id, self._attempt, snippet.sequence, _STILLS
        )
        self._show(snippet, stills)

    def _show(self, snippet: SnippetLine, stills: tuple[Still, ...]) -> None:
        about = tr(
            "snippet {number} ({n} of {all}) · began {time} · {seconds} s · this look is on record",
            number=snippet.sequence,
            n=self._at + 1,
            all=len(self._snippets),
            time=time_of_day(snippet.started_ms),
            seconds=round(snippet.duration_s),
        )
        self.query_one("#strip-about", Static).update(f" {about}")
        for number in range(_STILLS):
            picture = self.query_one(f"#still-{number}", Picture)
            if number < len(stills):
                still = stills[number]
                picture.border_title = f"+{still.at_s:.1f} s"
                picture.show_jpeg(still.jpeg, tr("still at {n} s", n=f"{still.at_s:.1f}"))
            else:
                picture.border_title = ""
                picture.clear()

    def _clear(self, words: str) -> None:
        self.query_one("#strip-about", Static).update(f" {words}")
        for picture in self.query(Picture):
            picture.border_title = ""
            picture.clear()

    def _show_title(self) -> None:
        watch = self.shift.watch
        if watch is None:
            return
        seat = watch.view.seats.get(self._attempt)
        title = tr("Film strip · seat {seat}", seat=self.shift.place(seat))
        self.query_one(TitleBar).show(title, watch.view.exam, self.now_ms)

    def action_step(self, by: int) -> None:
        target = self._at + by
        if 0 <= target < len(self._snippets):
            self._at = target
            self.request(self._open(), group="strip")

    def action_newest(self) -> None:
        self._wanted = None
        self.request(self._load(), group="strip")

    def action_back(self) -> None:
        self.dismiss(None)
