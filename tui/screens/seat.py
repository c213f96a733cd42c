"""One seat: its newest picture, what was seen there, and everything known about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from appliance.core.errors import HallvaktError
from appliance.core.exam import IN_SESSION, ExamState
from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId, IncidentId
from appliance.core.incident import is_withdrawn
from appliance.core.observation import Incident
from tui.hall_watch import Changes
from tui.language import several, tr
from tui.queue_entries import waiting
from tui.screens.more_acts import MORE, MoreActsScreen
from tui.screens.seat_acts import ACTS, DECISIONS, LOOKS
from tui.seat_look import is_stale
from tui.seat_words import picture_age, without_colours
from tui.sentences import sentence, when, why
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.picture import Picture
from tui.widgets.seat_card import SeatCard
from tui.widgets.title_bar import TitleBar
from tui.words import CATEGORY, DECISION


class SeatScreen(MoreActsScreen, inherit_bindings=False):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back"),
        *LOOKS,
        *DECISIONS,
        *ACTS[:2],
        MORE,
        Binding("p", "toggle_portrait", "check-in photo"),
        *ACTS[2:],
    ]

    def __init__(self, shift: Shift, attempt: AttemptId) -> None:
        super().__init__(shift)
        self._attempt = attempt
        self._incidents: dict[IncidentId, Incident] = {}
        self._picture_ms: int | None = None
        self._portrait_shown = False
        self._cannot_show = ""

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield Static("", id="alarm-strip", markup=False)
        with Horizontal(id="seat"):
            with Vertical(id="pictures"):
                yield Picture(tr("fetching the picture …"), id="latest")
                yield Picture(tr("fetching the photo …"), id="portrait")
            with Vertical(id="about"):
                yield SeatCard(id="card")
                with VerticalScroll(id="history") as history:
                    history.border_title = tr("What was seen")
                    yield Static("", id="history-text")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#portrait", Picture).display = False
        self.follow(self._changed)
        self.set_interval(1.0, self._tick)
        self._show()
        self.request(self._load(), group="detail")
        self._fetch_picture()

    def acted_seat(self) -> SeatStatus | None:
        return self.hall.view.seats.get(self._attempt)

    # following the hall

    def _changed(self, changes: Changes) -> None:
        exam = self.exam
        if changes.ended is not None or (exam is not None and exam.state not in IN_SESSION):
            return  # the hall screen below goes to the closed screen
        if changes.everything or self._attempt in changes.seats or changes.incidents:
            self._show()
            self.refresh_bindings()
            seat = self.acted_seat()
            if seat is not None and seat.last_picture_ms != self._picture_ms:
                self._fetch_picture()

    def _tick(self) -> None:
        if self.is_current:
            self._show()

    async def _load(self) -> None:
        detail = await self.shift.client.attempt(self.hall.exam_id, self._attempt)
        self._incidents.update({i.incident_id: i for i in detail.incidents})
        self._show()

    def _fetch_picture(self) -> None:
        seat, exam = self.acted_seat(), self.exam
        if seat is None or exam is None:
            return
        latest = self.query_one("#latest", Picture)
        if not exam.features.video_snippets:
            latest.clear(tr("This exam takes no pictures."))
        elif exam.state is not ExamState.LIVE:
            latest.clear(tr("Pictures come once the exam has started."))
        elif seat.last_picture_ms is None:
            latest.clear(tr("No picture yet."))
        else:
            self._picture_ms = seat.last_picture_ms
            self.request(self._load_picture(), group="picture")

    async def _load_picture(self) -> None:
        try:
            jpeg = await self.shift.client.thumbnail(self.hall.exam_id, self._attempt)
        except HallvaktError as error:
            self.query_one("#latest", Picture).clear(error.message)
            raise
        self.query_one("#latest", Picture).show_jpeg(jpeg, tr("No picture yet."))
        self._show()

    # showing

    def _show(self) -> None:
        view, now, seat = self.hall.view, self.now_ms, self.acted_seat()
        if seat is None:
            return
        name = f" · {seat.name}" if seat.name and not self.shift.names_hidden else ""
        self.query_one(TitleBar).show(
            tr("Seat {seat}", seat=seat.seat) + f" · {seat.hall}{name}", view.exam, now
        )
        self.query_one(SeatCard).show(
            seat,
            now,
            place=self.shift.place(seat),
            names_hidden=self.shift.names_hidden,
            letters=self.shift.letters,
        )
        latest = self.query_one("#latest", Picture)
        latest.entitle(sentence(picture_age(seat, now)))
        latest.set_class(is_stale(seat, now), "-stale")
        if not latest.shows_picture and seat.last_picture_ms is not None:
            latest.say(without_colours(picture_age(seat, now))) if latest.is_colourless else None
        self._show_history()
        self._show_others()

    def _show_history(self) -> None:
        self._incidents.update(
            {
                i.incident_id: i
                for i in self.hall.view.incidents.values()
                if i.attempt_id == self._attempt
            }
        )
        shown = (i for i in self._incidents.values() if not is_withdrawn(i))
        ordered = sorted(shown, key=lambda i: -i.last_ms)
        self.query_one("#history-text", Static).update(_history(ordered, self.shift.sign))

    def _show_others(self) -> None:
        """Looking at one seat must not hide that others need eyes."""
        others = [i for i in waiting(self.hall.view) if i.attempt_id != self._attempt]
        strip = self.query_one("#alarm-strip", Static)
        strip.display = bool(others)
        if others:
            seat = self.hall.view.seats.get(others[0].attempt_id)
            how_many = several(
                "{n} other incident needs eyes, first seat {seat}",
                "{n} other incidents need eyes, first seat {seat}",
                len(others),
                seat=self.shift.place(seat),
            )
            strip.update(f" {self.shift.sign('▲')} {how_many} ")

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "toggle_portrait":
            seat = self.acted_seat()
            return seat is not None and seat.portrait
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        self.dismiss(None)

    def action_toggle_portrait(self) -> None:
        self._portrait_shown = not self._portrait_shown
        portrait = self.query_one("#portrait", Picture)
        portrait.border_title = tr("Photo from check-in")
        portrait.display = self._portrait_shown
        if self._portrait_shown:
            self.request(self._load_portrait(), group="portrait")
        else:
            portrait.clear()

    async def _load_portrait(self) -> None:
        jpeg = await self.shift.client.portrait(self.hall.exam_id, self._attempt)
        self.query_one("#portrait", Picture).show_jpeg(jpeg, tr("No photo was taken."))


def _history(incidents: list[Incident], sign: Callable[[str], str]) -> Content:
    if not incidents:
        return Content.styled(tr("Nothing was observed here."), "$faint")
    parts: list[tuple[str, str]] = []
    for incident in incidents:
        open_style = "bold $error" if incident.decision is None else "$faint"
        if incident.decision is None:
            head = f"{sign('▲')} {tr('needs eyes')}"
            if incident.ongoing:
                head += ", " + tr("going on now")
        else:
            head = f"{sign('✓')} {tr(DECISION[incident.decision])}"
            if incident.category is not None:
                head += f" ({tr(CATEGORY[incident.category][0])})"
        parts.append((f"{head}\n", open_style))
        for observation in incident.observations:
            parts += [(f"  {why(observation)}\n", ""), (f"  {when(observation)}\n", "$faint")]
        if incident.note:
            parts.append((f"  {tr('note')}: {incident.note}\n", "$faint"))
    return Content.assemble(*parts)
