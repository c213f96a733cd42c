"""The incident queue as lines of text: incidents that need eyes, then hall events. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from appliance.core.feed import HallView, needs_eyes
from appliance.core.ids import AttemptId, UserId
from appliance.core.incident import is_withdrawn
from appliance.core.observation import HALL_KINDS, HallEvent, Incident, Strength
from tui.language import several, tr
from tui.seat_place import shared_labels
from tui.words import KIND, KIND_SHORT, STRENGTH, fit, span, time_of_day

_HALL_EVENT_SHOWN_MS = 10 * 60_000
_TONE = {Strength.STRONG: "strong", Strength.CLEAR: "clear", Strength.WEAK: "weak"}


@dataclass(frozen=True, slots=True)
class Entry:
    """Two lines in the queue. `incident` is None for a hall event. `seen`: who has looked, in
    words that go behind `second`, the longest first."""

    key: str
    incident: Incident | None
    attempt_id: AttemptId | None
    tone: str
    glyph: str
    first: str
    first_right: str
    second: str
    seen: tuple[str, ...] = ()


def entries(view: HallView, now_ms: int, me: UserId | None = None) -> tuple[Entry, ...]:
    """Most in need of a look first (`core.feed.needs_eyes`); recent hall events at the end. `me`:
    whose looks count as seen; what others have seen is said."""
    shared = shared_labels(view.seats.values())
    found = [_of_incident(view, incident, me, shared) for incident in waiting(view)]
    found += [
        _of_event(event)
        for event in sorted(view.hall_events, key=lambda event: -event.last_ms)
        if now_ms - event.last_ms <= _HALL_EVENT_SHOWN_MS
    ]
    return tuple(found)


def waiting(view: HallView) -> list[Incident]:
    """Incidents to decide. One that a hall event has emptied is shown to nobody."""
    return [incident for incident in needs_eyes(view) if not is_withdrawn(incident)]


def reasons(view: HallView) -> dict[AttemptId, tuple[str, ...]]:
    """For every seat that needs eyes, the most pressing thing that was seen there: the longest
    wording first, at most nine letters last."""
    first: dict[AttemptId, tuple[str, ...]] = {}
    for incident in waiting(view):
        kinds = incident.kinds
        more = f" +{len(kinds) - 1}" if len(kinds) > 1 else ""
        kind = tr(KIND[kinds[0]])
        words = (kinds_of(incident), kind + more, kind, tr(KIND_SHORT[kinds[0]]))
        first.setdefault(incident.attempt_id, words)
    return first


def kinds_of(incident: Incident) -> str:
    """`second person, nobody in view`."""
    return ", ".join(tr(KIND[kind]) for kind in incident.kinds) or tr("something to look at")


def how_much(incident: Incident) -> str:
    """`strong · 14 s · going on now`."""
    until = time_of_day(incident.last_ms)
    when = tr("going on now") if incident.ongoing else tr("until {time}", time=until)
    return f"{tr(STRENGTH[incident.strength])} · {span(incident.duration_s)} · {when}"


def _seen(view: HallView, incident: Incident, me: UserId | None) -> tuple[bool, tuple[str, ...]]:
    """Whether `me` has looked at it, and who has in words. A narrow queue has room for few, and the
    sign before the entry says already that one has looked oneself."""
    seen = view.seen.get(incident.incident_id)
    lookers = set(seen.users) if seen is not None else set()
    others = len(lookers - {me})
    also = several("seen by {n} other", "seen by {n} others", others)
    if me not in lookers:
        return False, (f" · {also}", f" · {tr('seen by {n}', n=others)}") if others else ()
    you = tr("seen by you")
    if not others:
        return True, (f" · {you}", f" · {tr('seen')}")
    return True, (f" · {you}, {also}", f" · {you} +{others}", f" · {tr('seen')} +{others}")


def _of_incident(
    view: HallView, incident: Incident, me: UserId | None, shared: Collection[str]
) -> Entry:
    seen_by_me, seen = _seen(view, incident, me)
    seat = view.seats.get(incident.attempt_id)
    hall = f"{seat.hall} · " if seat is not None and seat.seat in shared else ""
    return Entry(
        key=incident.incident_id,
        incident=incident,
        attempt_id=incident.attempt_id,
        tone=_TONE[incident.strength],
        glyph="△" if seen_by_me else "▲",
        first=f"{seat.seat if seat else '?'}  {kinds_of(incident)}",
        first_right=tr("now") if incident.ongoing else time_of_day(incident.last_ms)[:5],
        second=f"{hall}{tr(STRENGTH[incident.strength])} · {span(incident.duration_s)}",
        seen=seen,
    )


def _of_event(event: HallEvent) -> Entry:
    seconds = (event.last_ms - event.started_ms) / 1000
    return Entry(
        key=f"{event.hall}/{event.kind}/{event.started_ms}",
        incident=None,
        attempt_id=None,
        tone="hall",
        glyph="≈",
        first=f"{event.hall}  {tr(KIND[event.kind])}",
        first_right=time_of_day(event.last_ms)[:5],
        second=f"{_where(event)} · {span(seconds)} · " + tr("blames nobody"),
    )


def _where(event: HallEvent) -> str:
    if event.kind in HALL_KINDS:
        return tr("hall microphone")
    return several("{n} seat", "{n} seats", len(event.seats))


def entry_line(entry: Entry, line: int, width: int, *, selected: bool, letters: bool) -> str:
    """Line 0 or 1 of an entry, exactly `width` wide."""
    mark = "▌" if selected and not letters else ">" if selected else " "
    if line == 0:
        room = width - 3 - len(entry.first_right) - (1 if entry.first_right else 0)
        glyph = entry.glyph if not letters else ("." if entry.glyph == "△" else "!")
        tail = f" {entry.first_right}" if entry.first_right else ""
        return f"{mark}{glyph} {fit(entry.first, room)}{tail}"
    room = width - 3
    fitting = (words for words in entry.seen if len(entry.second) + len(words) <= room)
    seen = next(fitting, entry.seen[-1] if entry.seen else "")
    second = entry.second
    if len(second) + len(seen) > room:  # who has looked is told, whatever else is
        second = fit(second, room - len(seen))
    return f"{mark}  {fit(second + seen, room)}"
