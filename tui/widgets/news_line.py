"""The newest announcement of the box, for a minute."""

from __future__ import annotations

import re
from collections.abc import Mapping

from textual.content import Content

from appliance.core.feed import Announcement, SeatStatus
from appliance.core.ids import AttemptId
from tui.language import tr
from tui.seat_place import place_of, shared_labels
from tui.told import told
from tui.widgets.steady_text import SteadyText

_SHOWN_MS = 60_000
_LEVEL_STYLE = {"info": "$foreground", "warning": "bold $warning", "error": "bold $error"}


class NewsLine(SteadyText):
    """Hidden while there is nothing new. `hear` what comes, `show` every second."""

    _newest: tuple[Announcement, int] | None = None

    def hear(self, announcement: Announcement, now_ms: int) -> None:
        self._newest = (announcement, now_ms)

    def show(self, seats: Mapping[AttemptId, SeatStatus], now_ms: int) -> None:
        if self._newest is None or now_ms - self._newest[1] > _SHOWN_MS:
            self._newest = None
            self.display = False
            return
        announcement, _ = self._newest
        seat = seats.get(announcement.attempt_id) if announcement.attempt_id else None
        said = told(announcement.text)
        where = _where(seat, said, seats) if seat is not None else ""
        style = _LEVEL_STYLE.get(announcement.level, "$foreground")
        self.say(Content.styled(f"{where}{said}", style))
        self.display = True


def _where(seat: SeatStatus, said: str, seats: Mapping[AttemptId, SeatStatus]) -> str:
    """Where it is about. Most sentences of the box name the seat themselves, but never its hall."""
    shared = shared_labels(seats.values())
    if not re.search(rf"(?<!\w){re.escape(seat.seat)}(?!\w)", said):
        return tr("Seat {seat}", seat=place_of(seat, shared)) + ": "
    return f"{seat.hall}: " if seat.seat in shared else ""
