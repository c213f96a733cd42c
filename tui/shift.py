"""What all screens of one person's work at the console share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from appliance.core.close_out import OpenSeat
from appliance.core.errors import NotAllowed
from appliance.core.feed import ExamStatus, SeatStatus
from appliance.core.ids import AttemptId, ExamId
from appliance.core.observation import Incident
from appliance.core.roles import Action, Object, Person, authorise
from tui.box_clock import BoxClock
from tui.client import BoxClient
from tui.drawing import Drawing
from tui.hall_filter import EVERYTHING, HallFilter
from tui.hall_watch import HallWatch
from tui.language import tr
from tui.letters import sign
from tui.live import LiveView, open_live_view
from tui.queue_entries import kinds_of
from tui.seat_place import place_of, shared_labels
from tui.unsent import Unsent
from tui.words import DECISION

ViewOpener = Callable[[BoxClient, ExamId, AttemptId], LiveView]


@dataclass(slots=True)
class Shift:
    """What is known since the login. `passphrase`: from the command line, for one login, then
    forgotten. `letters`: letters instead of glyphs, for terminals without Unicode. `exam_code`: the
    exam to go to after the login. `drawing`, `chosen`: how and which seats are shown; `marked`:
    those to look at together. `feed_pauses_s`: waits between attempts to get the feed back."""

    client: BoxClient
    clock: BoxClock = field(default_factory=BoxClock)
    user: str = ""
    passphrase: str = field(default="", repr=False)
    exam_code: str = ""
    letters: bool = False
    names_hidden: bool = False
    drawing: Drawing = Drawing.MAP
    chosen: HallFilter = EVERYTHING
    marked: tuple[AttemptId, ...] = ()
    feed_pauses_s: tuple[float, ...] = ()
    view_opener: ViewOpener = open_live_view
    watch: HallWatch | None = None
    last_decided: Incident | None = None
    unsent: Unsent = field(default_factory=Unsent)

    def may(self, action: Action, exam: ExamStatus) -> bool:
        """Whether to offer an action at all. The box decides; this only keeps keys that would be
        refused out of the footer."""
        login = self.client.login_reply
        if login is None:
            return False
        person = Person(
            user_id=login.user_id, role=login.role, exams=frozenset({exam.exam_id}), halls=None
        )
        try:
            authorise(person, action, Object(exam_id=exam.exam_id, exam_state=exam.state))
        except NotAllowed:
            return False
        return True

    def sign(self, glyph: str) -> str:
        """`glyph` as this terminal can show it."""
        return sign(glyph, letters=self.letters)

    def place(self, seat: SeatStatus | OpenSeat | None) -> str:
        """Which seat, as the person should read it in a question or an answer."""
        if seat is None:
            return "?"
        seats = self.watch.view.seats.values() if self.watch is not None else ()
        return place_of(seat, shared_labels(seats))

    def who(self, seat: SeatStatus) -> str:
        """The seat and, unless names are hidden, who sits there: for what is hard to undo."""
        name = seat.name if seat.name and not self.names_hidden else ""
        return f"{self.place(seat)} · {name}" if name else self.place(seat)

    def word_of_another(self, incident: Incident) -> str:
        """That somebody else has decided it by now, as a sentence; else nothing."""
        view = self.watch.view if self.watch is not None else None
        now = view.incidents.get(incident.incident_id) if view is not None else None
        login = self.client.login_reply
        if view is None or now is None or now.decision is None:
            return ""
        if login is not None and now.decided_by == login.user_id:
            return ""
        return tr(
            "Seat {seat} ({what}): {decided} at another console; that stands.",
            seat=self.place(view.seats.get(now.attempt_id)),
            what=kinds_of(now),
            decided=tr(DECISION[now.decision]),
        )

    def forget(self) -> None:
        """What the next person must not find: called at lock and at leaving an exam."""
        self.watch = None
        self.last_decided = None
        self.marked = ()
