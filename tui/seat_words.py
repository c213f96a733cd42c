"""What is said about a seat in one short phrase, and in the lines of its card. Pure."""

from __future__ import annotations

from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.core.feed import SeatStatus
from tui.seat_look import SeatLook, is_stale, look_of
from tui.words import count, span, stopwatch

_ATTEMPT = {
    AttemptState.EXPECTED: "not here yet",
    AttemptState.CHECKED_IN: "checked in, not recording yet",
    AttemptState.RECORDING: "recording",
    AttemptState.ON_BREAK: "on break",
    AttemptState.HANDED_IN: "handed in",
    AttemptState.ENDED: "ended",
}
_CAMERA = {
    CameraState.MISSING: "no working camera: watch this seat yourself",
    CameraState.REFUSED: "notice refused: watch this seat yourself",
    CameraState.WATCHED: "watched by you instead of the camera",
}


def phrases(seat: SeatStatus, now_ms: int, reason: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The most urgent thing about the seat, e.g. `break 03:10`, longest wording first; the last
    has at most nine letters. `reason` says what needs eyes, in the same way."""
    look = look_of(seat, now_ms)
    match look:
        case SeatLook.NEEDS_EYES:
            return reason or (look.word, "look")
        case SeatLook.TAKEOVER:
            return (look.word, "2nd comp.")
        case SeatLook.HAND:
            return (look.word, "hand up")
        case SeatLook.ON_BREAK if seat.break_started_ms is not None:
            away = stopwatch(now_ms - seat.break_started_ms)
            return (f"break {away}", f"out {away}", away)
        case SeatLook.LINK_LOST if seat.link_lost_ms is not None:
            away = stopwatch(now_ms - seat.link_lost_ms)
            return (f"link lost {away}", f"cut {away}", away)
        case SeatLook.STALE if seat.last_picture_ms is not None:
            age = span((now_ms - seat.last_picture_ms) / 1000)
            return (f"picture {age} old", f"old {age}")
        case SeatLook.WATCHED:
            return (look.word, "watched")
        case SeatLook.CHECKED_IN:
            return (look.word, "in")
        case _:
            return (look.word,)


def picture_age(seat: SeatStatus, now_ms: int) -> str:
    """`picture 4 s old`, in capitals when it is too old to rely on."""
    if seat.last_picture_ms is None:
        return "no picture yet"
    age = f"picture {span((now_ms - seat.last_picture_ms) / 1000)} old"
    return age.upper() if is_stale(seat, now_ms) else age


def facts(seat: SeatStatus, now_ms: int) -> tuple[tuple[str, str, str], ...]:
    """Lines of a seat's card: (glyph, text, tone), most needed first."""
    lines: list[tuple[str, str, str]] = []
    state = _ATTEMPT[seat.state]
    if seat.state is AttemptState.ON_BREAK and seat.break_started_ms is not None:
        state += f" for {stopwatch(now_ms - seat.break_started_ms)}"
    lines.append(("●", state, "good" if seat.state is AttemptState.RECORDING else "calm"))
    if seat.takeover_asked:
        lines.append(("⇄", "another computer asks for this seat (R lets it in)", "ask"))
    if seat.hand_raised:
        lines.append(("◆", "hand raised", "ask"))
    if seat.link is LinkState.LOST:
        since = f" for {stopwatch(now_ms - seat.link_lost_ms)}" if seat.link_lost_ms else ""
        lines.append(("~", f"link lost{since}: pictures follow later", "neutral"))
    if seat.camera in _CAMERA:
        lines.append(("◇", _CAMERA[seat.camera], "pause"))
    elif seat.state is AttemptState.RECORDING or seat.last_picture_ms is not None:
        stale = is_stale(seat, now_ms)
        lines.append(
            ("◌" if stale else "▪", picture_age(seat, now_ms), "loud" if stale else "calm")
        )
    if seat.watchers:
        lines.append(("◉", f"{count(seat.watchers, 'person looks', 'people look')} live", "calm"))
    if seat.identity_checked_by_hand:
        lines.append(("✓", "identity checked by hand", "calm"))
    if seat.extra_minutes:
        lines.append(("+", f"{seat.extra_minutes} minutes extra", "calm"))
    return tuple(lines)
