"""What is said about a seat in one short phrase, and in the lines of its card. Pure."""

from __future__ import annotations

from appliance.core.accommodation import NAMES
from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.core.feed import SeatStatus
from tui.language import several, text, tr
from tui.seat_look import SeatLook, is_stale, look_of
from tui.words import span, stopwatch

_ATTEMPT = {
    AttemptState.EXPECTED: text("not here yet"),
    AttemptState.CHECKED_IN: text("checked in, not recording yet"),
    AttemptState.RECORDING: text("recording"),
    AttemptState.ON_BREAK: text("on break"),
    AttemptState.HANDED_IN: text("handed in"),
    AttemptState.ENDED: text("ended"),
}
_CAMERA = {
    CameraState.MISSING: text("no working camera: watch this seat yourself"),
    CameraState.REFUSED: text("notice refused: watch this seat yourself"),
    CameraState.WATCHED: text("watched by you instead of the camera"),
}


def phrases(seat: SeatStatus, now_ms: int, reason: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The most urgent thing about the seat, e.g. `break 03:10`, longest wording first; the last
    has at most nine letters. `reason` says what needs eyes, in the same way."""
    look = look_of(seat, now_ms)
    match look:
        case SeatLook.NEEDS_EYES:
            return reason or (look.word, tr("look"))
        case SeatLook.TAKEOVER:
            return (look.word, tr("2nd comp."))
        case SeatLook.HAND:
            return (look.word, tr("hand up"))
        case SeatLook.ON_BREAK if seat.break_started_ms is not None:
            away = stopwatch(now_ms - seat.break_started_ms)
            return (tr("break {away}", away=away), tr("out {away}", away=away), away)
        case SeatLook.LINK_LOST if seat.link_lost_ms is not None:
            away = stopwatch(now_ms - seat.link_lost_ms)
            return (tr("link lost {away}", away=away), tr("cut {away}", away=away), away)
        case SeatLook.STALE if seat.last_picture_ms is not None:
            age = span((now_ms - seat.last_picture_ms) / 1000)
            return (tr("picture {age} old", age=age), tr("old {age}", age=age))
        case SeatLook.STALE:
            return (tr("no picture yet"), tr("no image"))
        case SeatLook.WATCHED:
            return (look.word, tr("watched"))
        case SeatLook.CHECKED_IN:
            return (look.word, tr("in"))
        case _:
            return (look.word,)


def short_age(seat: SeatStatus, now_ms: int) -> str:
    """The age of the last good picture in at most three letters: `4s`, `47s`, `3m`, `2h`; empty
    where no picture is to be expected."""
    if seat.state is not AttemptState.RECORDING or seat.camera in _CAMERA:
        return ""
    if seat.last_picture_ms is None:
        return "–"
    seconds = max(0, now_ms - seat.last_picture_ms) // 1000
    if seconds < 100:
        return f"{seconds}s"
    return f"{min(99, seconds // 60)}m" if seconds < 6000 else f"{min(99, seconds // 3600)}h"


def age_or_out(seat: SeatStatus, now_ms: int) -> str:
    """`short_age`; `out` where somebody is on break and the seat's sign says something more
    urgent: who is out is always visible."""
    if seat.state is AttemptState.ON_BREAK and look_of(seat, now_ms) is not SeatLook.ON_BREAK:
        return tr("out")
    return short_age(seat, now_ms)


def picture_age(seat: SeatStatus, now_ms: int) -> str:
    """`picture 4 s old`, in capitals when it is too old to rely on."""
    age = tr("no picture yet")
    if seat.last_picture_ms is not None:
        age = tr("picture {age} old", age=span((now_ms - seat.last_picture_ms) / 1000))
    return age.upper() if is_stale(seat, now_ms) else age


def facts(seat: SeatStatus, now_ms: int) -> tuple[tuple[str, str, str], ...]:
    """Lines of a seat's card: (glyph, text, tone), most needed first."""
    lines: list[tuple[str, str, str]] = []
    state = tr(_ATTEMPT[seat.state])
    if seat.state is AttemptState.ON_BREAK and seat.break_started_ms is not None:
        state += " " + tr("for {time}", time=stopwatch(now_ms - seat.break_started_ms))
    recording = seat.state is AttemptState.RECORDING
    if not recording or seat.camera not in _CAMERA:  # where a person watches nothing is recorded
        lines.append(("●", state, "good" if recording else "calm"))
    if seat.takeover_asked:
        asks = tr("another computer asks for this seat (a, then t, lets it in)")
        lines.append(("⇄", asks, "ask"))
    if seat.hand_raised:
        lines.append(("◆", tr("hand raised"), "ask"))
    if seat.link is LinkState.LOST:
        lost = tr("link lost")
        if seat.link_lost_ms:
            lost = tr("link lost {away}", away=stopwatch(now_ms - seat.link_lost_ms))
        lines.append(("~", f"{lost}: {tr('pictures follow later')}", "neutral"))
    if seat.camera in _CAMERA:
        lines.append(("◇", tr(_CAMERA[seat.camera]), "pause"))
    elif seat.state is AttemptState.RECORDING or seat.last_picture_ms is not None:
        stale = is_stale(seat, now_ms)
        lines.append(
            ("◌" if stale else "▪", picture_age(seat, now_ms), "loud" if stale else "calm")
        )
    if seat.watchers:
        lookers = several("{n} person looks live", "{n} people look live", seat.watchers)
        lines.append(("◉", lookers, "calm"))
    if seat.identity_checked_by_hand:
        lines.append(("✓", tr("identity checked by hand"), "calm"))
    for category in sorted(seat.switched_off):
        lines.append(("○", tr("not looked for: {what}", what=tr(NAMES[category])), "pause"))
    if seat.extra_minutes:
        lines.append(("+", tr("{n} minutes extra", n=seat.extra_minutes), "calm"))
    return tuple(lines)


def without_colours(age: str) -> str:
    """What stands where a picture would: `age` of it, and why none is drawn. Who does not know
    that goes on waiting for it."""
    return tr("no colours, no picture") + " · " + age
