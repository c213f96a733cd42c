"""How one seat looks: glyph, letter, word and tone. Never by colour alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from appliance.core.attempt import FINISHED, NO_CAMERA, AttemptState, LinkState
from appliance.core.feed import SeatStatus
from tui.language import text, tr

STALE_AFTER_MS = 30_000  # three snippets of the default length without a new picture


class SeatLook(Enum):
    """In order of urgency: a seat shows the first that holds.

    `glyph` for terminals with Unicode, `letter` for those without, `word` for the legend, `tone`
    names the component class that colours it.
    """

    NEEDS_EYES = ("▲", "!", text("needs eyes"), "alarm")
    TAKEOVER = ("⇄", "T", text("other computer"), "ask")
    LATE = ("→", "L", text("came late"), "ask")
    HAND = ("◆", "H", text("hand raised"), "ask")
    LINK_LOST = ("~", "~", text("link lost"), "neutral")
    STALE = ("◌", "?", text("old picture"), "loud")
    ON_BREAK = ("◐", "B", text("on break"), "pause")
    WATCHED = ("◇", "W", text("seat watched"), "pause")
    RECORDING = ("●", "*", text("recording"), "good")
    CHECKED_IN = ("◎", "+", text("checked in"), "calm")
    EXPECTED = ("○", "o", text("not here"), "faint")
    HANDED_IN = ("✓", "v", text("handed in"), "faint")
    ENDED = ("×", "x", text("ended"), "faint")

    def __init__(self, glyph: str, letter: str, word: str, tone: str) -> None:
        self.glyph = glyph
        self.letter = letter
        self._word = word
        self.tone = tone

    @property
    def word(self) -> str:
        return tr(self._word)


TONES = ("alarm", "ask", "loud", "neutral", "pause", "good", "calm", "faint")


def look_of(seat: SeatStatus, now_ms: int) -> SeatLook:
    """The most urgent thing to say about a seat at `now_ms` (the box's clock)."""
    if seat.open_incidents:
        return SeatLook.NEEDS_EYES
    if seat.takeover_asked:
        return SeatLook.TAKEOVER
    if seat.late_asked:
        return SeatLook.LATE
    if seat.hand_raised and seat.state not in FINISHED:
        return SeatLook.HAND
    if seat.state is AttemptState.HANDED_IN:
        return SeatLook.HANDED_IN
    if seat.state is AttemptState.ENDED:
        return SeatLook.ENDED
    if seat.link is LinkState.LOST:
        return SeatLook.LINK_LOST
    if seat.state is AttemptState.ON_BREAK:
        return SeatLook.ON_BREAK
    if seat.camera in NO_CAMERA:
        return SeatLook.WATCHED
    if seat.state is AttemptState.RECORDING:
        return SeatLook.STALE if is_stale(seat, now_ms) else SeatLook.RECORDING
    if seat.state is AttemptState.CHECKED_IN:
        return SeatLook.CHECKED_IN
    return SeatLook.EXPECTED


_BAD = frozenset(
    {
        SeatLook.NEEDS_EYES,
        SeatLook.TAKEOVER,
        SeatLook.LATE,
        SeatLook.HAND,
        SeatLook.LINK_LOST,
        SeatLook.STALE,
    }
)


def is_bad(seat: SeatStatus, now_ms: int) -> bool:
    """Whether the seat needs somebody: such a seat is never filtered away."""
    return look_of(seat, now_ms) in _BAD


def is_stale(seat: SeatStatus, now_ms: int) -> bool:
    """Whether a seat that should send pictures has sent none for `STALE_AFTER_MS`: since its last
    one, or since it began to record, so that a break makes no picture old and a seat that never
    sent one is not calm for ever."""
    sends = seat.state is AttemptState.RECORDING and seat.camera not in NO_CAMERA
    last, since = seat.last_picture_ms, seat.recording_since_ms
    known = [moment for moment in (last, since) if moment is not None]
    return sends and bool(known) and now_ms - max(known) > STALE_AFTER_MS


@dataclass(frozen=True, slots=True)
class LookCount:
    look: SeatLook
    seats: int


def counts(seats: Iterable[SeatStatus], now_ms: int) -> tuple[LookCount, ...]:
    """How many seats show each look, most urgent first, looks without a seat left out. Who is on
    break is counted so in any case: a seat that needs eyes as well counts twice."""
    found: Counter[SeatLook] = Counter()
    for seat in seats:
        look = look_of(seat, now_ms)
        found[look] += 1
        if seat.state is AttemptState.ON_BREAK and look is not SeatLook.ON_BREAK:
            found[SeatLook.ON_BREAK] += 1
    return tuple(LookCount(look, found[look]) for look in SeatLook if found[look])
