"""What map, list and mosaic of the hall have in common: which seats, which one is meant."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping

from textual.message import Message
from textual.scroll_view import ScrollView

from appliance.core.feed import SeatStatus
from appliance.core.ids import AttemptId
from tui.abstract import Abstract
from tui.seat_look import SeatLook, look_of
from tui.seat_words import age_or_out, phrases

Reasons = Mapping[AttemptId, tuple[str, ...]]


class SeatView(ScrollView, metaclass=Abstract, can_focus=True):
    """Shows seats and has a cursor on one of them, `selected`.

    Subclasses draw: `set_out` after other seats or another size, `redraw` for some seats only.
    """

    class Selected(Message):
        def __init__(self, attempt_id: AttemptId) -> None:
            super().__init__()
            self.attempt_id = attempt_id

    class Opened(Message):
        """Clicked a second time: look at it."""

    def __init__(
        self, now: Callable[[], int], *, letters: bool = False, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._now = now
        self._letters = letters
        self._seats: Mapping[AttemptId, SeatStatus] = {}
        self._reasons: Reasons = {}
        self.selected: AttemptId | None = None
        self.marked: Collection[AttemptId] = ()
        self.names_hidden = False
        self._read: dict[AttemptId, tuple[object, ...]] = {}  # what time has made of each seat

    def show_all(
        self,
        seats: Mapping[AttemptId, SeatStatus],
        reasons: Reasons,
        *,
        start: AttemptId | None = None,
    ) -> None:
        """Draw these seats; the cursor stays where it was, else it begins at `start`."""
        self._seats, self._reasons = seats, reasons
        if self.selected is None:
            self.selected = start
        self.set_out()

    def show_changed(
        self,
        changed: Collection[AttemptId],
        seats: Mapping[AttemptId, SeatStatus],
        reasons: Reasons,
    ) -> None:
        """Draw again only these; there are the same seats as before."""
        self._seats, self._reasons = seats, reasons
        self.redraw(changed)

    def select(self, attempt: AttemptId) -> None:
        """Move the cursor to a seat and bring it into view."""
        if attempt not in self._seats or attempt == self.selected:
            return
        before, self.selected = self.selected, attempt
        self.redraw([a for a in (before, attempt) if a is not None])
        self.bring_into_view()
        self.post_message(self.Selected(attempt))

    def clicked(self, attempt: AttemptId) -> None:
        """The mouse means this seat: the cursor goes there, and a second time opens it."""
        if attempt == self.selected:
            self.post_message(self.Opened())
        self.select(attempt)

    def glyph(self, look: SeatLook) -> str:
        return look.letter if self._letters else look.glyph

    def look(self, seat: SeatStatus) -> SeatLook:
        return look_of(seat, self._now())

    def tick(self) -> None:
        """A second went by: running times and ages are drawn again where they read differently."""
        now, before = self._now(), self._read
        self._read = {
            attempt: (look_of(seat, now), phrases(seat, now, ()), self.age(seat, now))
            for attempt in self.on_screen()
            if (seat := self._seats.get(attempt)) is not None
        }
        self.redraw([a for a, said in self._read.items() if before.get(a) != said])

    def age(self, seat: SeatStatus, now: int) -> str:
        """The age that stands at a seat, empty where none does."""
        return age_or_out(seat, now)

    def on_screen(self) -> Iterable[AttemptId]:
        """The seats that are, or may be, on the screen now."""
        return self._seats

    @abstractmethod
    def set_out(self) -> None:
        """Draw all of it: there are other seats, or another size."""

    @abstractmethod
    def redraw(self, attempts: Iterable[AttemptId]) -> None:
        """Draw these again."""

    @abstractmethod
    def bring_into_view(self) -> None:
        """Scroll to the seat under the cursor."""

    def on_resize(self) -> None:
        self.set_out()

    def on_focus(self) -> None:
        self.redraw([self.selected] if self.selected else [])

    def on_blur(self) -> None:
        self.redraw([self.selected] if self.selected else [])
