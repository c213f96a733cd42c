"""Check-in at the console: photo, name and number, one candidate after the other."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from appliance.core.attempt import FINISHED, AttemptState
from appliance.core.errors import HallvaktError
from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.language import several, text, tr
from tui.screens.base import ConsoleScreen
from tui.shift import Shift
from tui.widgets.key_footer import KeyFooter
from tui.widgets.picture import Picture
from tui.widgets.title_bar import TitleBar


class IdentityCheckScreen(ConsoleScreen[None]):
    """Goes through everybody here whose identity nobody has checked by hand. Each photo is fetched,
    and so recorded as a look, when it is this candidate's turn and not before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "i", "checked", "ID checked", tooltip=text("Note that you have checked the identity")
        ),
        Binding("right,down", "step(1)", "next"),
        Binding("left,up", "step(-1)", "previous"),
        Binding("escape", "back", "back"),
    ]

    def __init__(self, shift: Shift) -> None:
        super().__init__(shift)
        self._at: AttemptId | None = None
        self._shown: AttemptId | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar()
        with Horizontal(id="identity"):
            yield Picture(tr("fetching the photo …"), id="identity-photo")
            with Vertical(id="identity-about"):
                yield Static("", id="identity-who")
        yield KeyFooter()

    def on_mount(self) -> None:
        self.query_one("#identity-photo", Picture).border_title = tr("Photo from check-in")
        self.follow(lambda _: self._show())
        self.set_interval(1.0, self._show)
        self._show()

    def _waiting(self) -> list[SeatStatus]:
        watch = self.shift.watch
        return to_check(watch.view.seats.values()) if watch is not None else []

    def _seat(self) -> SeatStatus | None:
        waiting = self._waiting()
        return next((s for s in waiting if s.attempt_id == self._at), next(iter(waiting), None))

    def _show(self) -> None:
        watch = self.shift.watch
        if watch is None or not self.is_current:
            return
        waiting, seat = self._waiting(), self._seat()
        self.query_one(TitleBar).show(tr("Check identities"), watch.view.exam, self.now_ms)
        who = self.query_one("#identity-who", Static)
        if seat is None:
            self._shown = None
            self.query_one("#identity-photo", Picture).clear("")
            who.update(Content.styled(tr("Everybody here has been checked."), "$success"))
            self.refresh_bindings()
            return
        self._at = seat.attempt_id
        hidden = self.shift.names_hidden
        who.update(
            Content.assemble(
                (f"{seat.seat}\n", "bold $primary"),
                (f"{seat.hall}\n\n", "$faint"),
                (f"{'' if hidden else seat.name or seat.pseudonym}\n", "bold"),
                (f"{'' if hidden else seat.number or ''}\n\n", ""),
                (several("{n} left to check", "{n} left to check", len(waiting)), "$faint"),
            )
        )
        if self._shown != seat.attempt_id:
            self._shown = seat.attempt_id
            self._fetch(seat)
            self.refresh_bindings()

    def _fetch(self, seat: SeatStatus) -> None:
        photo = self.query_one("#identity-photo", Picture)
        if seat.portrait:
            photo.clear(tr("fetching the photo …"))
            self.request(self._load(seat.attempt_id), group="portrait")
        else:
            photo.clear(tr("No photo was taken."))

    async def _load(self, attempt: AttemptId) -> None:
        watch = self.shift.watch
        assert watch is not None
        photo = self.query_one("#identity-photo", Picture)
        try:
            jpeg = await self.shift.client.portrait(watch.exam_id, attempt)
        except HallvaktError as error:
            photo.clear(error.message)
            raise
        if self._shown == attempt:
            photo.show_jpeg(jpeg, tr("No photo was taken."))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "checked":
            return self._seat() is not None
        if action == "step":
            return len(self._waiting()) > 1
        return True

    def action_step(self, by: int) -> None:
        waiting = [seat.attempt_id for seat in self._waiting()]
        if waiting:
            at = waiting.index(self._at) if self._at in waiting else 0
            self._at = waiting[(at + by) % len(waiting)]
            self._show()

    def action_checked(self) -> None:
        seat = self._seat()
        if seat is not None:
            self.request(self._checked(seat))

    async def _checked(self, seat: SeatStatus) -> None:
        watch = self.shift.watch
        assert watch is not None
        waiting = [s.attempt_id for s in self._waiting()]
        after = waiting[(waiting.index(seat.attempt_id) + 1) % len(waiting)]
        done = await self.shift.client.act(watch.exam_id, seat.attempt_id, "identity_checked")
        if self._at == seat.attempt_id:
            self._at = after
        watch.learn(done)
        said = tr("identity checked by you")
        self.say(tr("Seat {seat}: {done}.", seat=self.shift.place(seat), done=said))
        self._show()

    def action_back(self) -> None:
        self.dismiss(None)


def to_check(seats: Iterable[SeatStatus]) -> list[SeatStatus]:
    """Who is here and has not been checked by hand, in the order of the seats."""
    here = [
        seat
        for seat in seats
        if seat.state not in FINISHED
        and seat.state is not AttemptState.EXPECTED
        and not seat.identity_checked_by_hand
    ]
    return sorted(here, key=lambda seat: (seat.hall, len(seat.seat), seat.seat))
