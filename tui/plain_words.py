"""What plain mode says of the hall: whole lines, no signs that a reader would spell out. Pure."""

from __future__ import annotations

from collections.abc import Collection

from appliance.core.attempt import AttemptState
from appliance.core.disk import DiskState
from appliance.core.feed import ExamStatus, HallView, SeatStatus
from appliance.core.observation import HallEvent, Incident
from tui.language import several, tr
from tui.queue_entries import kinds_of
from tui.seat_look import SeatLook, counts, is_bad, look_of
from tui.seat_place import place_of, shared_labels
from tui.seat_words import facts, phrases
from tui.sentences import why_of
from tui.words import DISK, DISK_WELL, EXAM_STATE, KIND, stopwatch


def seat_line(
    seat: SeatStatus,
    now_ms: int,
    reason: tuple[str, ...],
    shared: Collection[str],
    *,
    names_hidden: bool,
) -> str:
    """`Seat A3, Alva Provsson: second person.` `shared`: labels that several halls have."""
    name = f", {seat.name}" if seat.name and not names_hidden else ""
    said = phrases(seat, now_ms, reason)[0]
    return tr("Seat {seat}", seat=place_of(seat, shared)) + f"{name}: {said}."


def seat_lines(seat: SeatStatus, now_ms: int, *, names_hidden: bool) -> list[str]:
    """Everything known about a seat, one fact a line."""
    head = tr("Seat {seat}", seat=seat.seat) + f", {seat.hall}"
    if seat.name and not names_hidden:
        head += f", {seat.name}"
    told = [f"{words[:1].upper()}{words[1:]}." for _, words, _ in facts(seat, now_ms)]
    return [f"{head}, {tr('pseudonym {code}', code=seat.pseudonym)}.", *told]


def incident_line(number: int, incident: Incident, view: HallView) -> str:
    """`2: seat A3. 2 faces in view, 14 s, strong. Going on now.`"""
    seat = view.seats.get(incident.attempt_id)
    shared = shared_labels(view.seats.values())
    where = tr("seat {seat}", seat=place_of(seat, shared) if seat else "?")
    goes_on = " " + tr("Going on now.") if incident.ongoing else ""
    return f"{number}: {where}. {why_of(incident) or kinds_of(incident)}.{goes_on}"


def hall_event_line(event: HallEvent) -> str:
    seats = several("{n} seat", "{n} seats", len(event.seats))
    return f"{event.hall}: {tr(KIND[event.kind])}, {seats}, {tr('blames nobody')}."


def status_lines(view: HallView, now_ms: int) -> list[str]:
    lines = [exam_line(view.exam, now_ms)] if view.exam is not None else []
    found = counts(view.seats.values(), now_ms)
    lines.append(", ".join(f"{c.seats} {c.look.word}" for c in found) + ".")
    if view.box is not None and view.box.disk is not DiskState.OK:
        lines.append(tr(DISK[view.box.disk]))
    live_views = view.exam is None or view.exam.features.live_view
    if view.box is not None and live_views and not view.box.relay:
        lines.append(tr("RELAY DOWN: no live view") + ".")
    return lines


def exam_line(exam: ExamStatus, now_ms: int) -> str:
    """`Matematik 3c, code K7M2QX: LIVE, 2:17:50 left.`"""
    line = f"{exam.title}, {tr('code {code}', code=exam.code)}: {tr(EXAM_STATE[exam.state])}"
    if exam.started_ms is not None and exam.closed_ms is None:
        left = exam.duration_minutes * 60_000 - (now_ms - exam.started_ms)
        form = "{time} left" if left >= 0 else "{time} over time"
        line += ", " + tr(form, time=stopwatch(abs(left)))
    return line + "."


def news(
    before: HallView, after: HallView, was_ms: int, now_ms: int, *, names_hidden: bool
) -> list[str]:
    """One line for a seat that has turned bad or good again, one for all of which the same is to be
    said, and one for a new exam state."""
    lines: list[str] = []
    if before.exam is not None and after.exam is not None and before.exam.state != after.exam.state:
        lines.append(exam_line(after.exam, now_ms))
    if before.box is not None and after.box is not None and before.box.disk != after.box.disk:
        lines.append(tr(DISK.get(after.box.disk, DISK_WELL)))
    alike: dict[SeatLook, list[SeatStatus]] = {}
    for attempt, seat in after.seats.items():
        old = before.seats.get(attempt)
        if old is not None and _is_told(old, seat, was_ms, now_ms):
            alike.setdefault(look_of(seat, now_ms), []).append(seat)
    shared = shared_labels(after.seats.values()) if alike else frozenset()
    for look, seats in alike.items():
        if len(seats) == 1:
            lines.append(seat_line(seats[0], now_ms, (), shared, names_hidden=names_hidden))
        else:
            labels = ", ".join(place_of(seat, shared) for seat in seats)
            lines.append(tr("Seats {seats}: {what}.", seats=labels, what=look.word))
    return lines


def _is_told(old: SeatStatus, seat: SeatStatus, was_ms: int, now_ms: int) -> bool:
    """Incidents have lines of their own; the rest is told when it begins and when it is over."""
    look, looked = look_of(seat, now_ms), look_of(old, was_ms)
    if look is looked or seat.open_incidents or old.open_incidents:
        return False
    on_break = AttemptState.ON_BREAK in (seat.state, old.state)
    return is_bad(seat, now_ms) or is_bad(old, was_ms) or on_break
