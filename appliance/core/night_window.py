"""When the box may send, and how fast: windows on the clock of the school. Pure.

A window belongs to the day it opens on; one that ends at or before its beginning ends the next day.
Where two overlap, the one that opened first holds until its end. Clock changes of the season make a
night an hour longer or shorter, as they do for everybody.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

from appliance.core.errors import BadInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\Z")
_AHEAD_DAYS = 8  # a window on one weekday only comes back after seven


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """`opens`, `closes` as `HH:MM`; `cap_mbit_s` None sends as fast as the line takes it; on a
    `metered` line only records go, unless a person says otherwise; a `shared` line is one that
    others need at the same time, so it has a cap, and the cap binds a person's command, too."""

    opens: str = ""
    closes: str = ""
    days: tuple[str, ...] = DAYS
    cap_mbit_s: float | None = None
    metered: bool = False
    shared: bool = False

    @property
    def cap_bit_s(self) -> int | None:
        return None if self.cap_mbit_s is None else round(self.cap_mbit_s * 1e6)


# What a box without windows of its own keeps to.
THE_NIGHT = (Window(opens="22:00", closes="06:00"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One opening of a window, in Unix milliseconds. `closes_ms` is not part of it."""

    opens_ms: int
    closes_ms: int
    cap_bit_s: int | None = None
    metered: bool = False
    shared: bool = False

    def holds(self, now_ms: int) -> bool:
        return self.opens_ms <= now_ms < self.closes_ms


def check(window: Window) -> None:
    """Raise BadInput with the reason."""
    for name, text in (("from", window.opens), ("to", window.closes)):
        if not _TIME.match(text):
            raise BadInput(f"{name} must be a time of the day, for example 22:00.")
    if not window.days or not set(window.days) <= set(DAYS):
        raise BadInput(f"days must be some of {', '.join(DAYS)}.")
    if window.cap_mbit_s is not None and not 0.1 <= window.cap_mbit_s <= 10_000:
        raise BadInput("cap_mbit_s must be between 0.1 and 10000.")
    if window.shared and window.cap_mbit_s is None:
        raise BadInput(
            "a shared line needs cap_mbit_s: how much of it the box may take from the others."
        )


def spans(windows: Sequence[Window], now_ms: int, zone: tzinfo | None = None) -> Iterator[Span]:
    """From the one that holds at `now_ms`, if any, on, for eight days; `zone` None is the
    machine's own."""
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    found: list[Span] = []
    for ahead in range(-1, _AHEAD_DAYS):
        day = today + timedelta(days=ahead)
        for window in windows:
            if DAYS[day.weekday()] not in window.days:
                continue
            opens = datetime.combine(day, _clock(window.opens), zone)
            closes = datetime.combine(day, _clock(window.closes), zone)
            if window.closes <= window.opens:
                closes = datetime.combine(day + timedelta(days=1), _clock(window.closes), zone)
            found.append(
                Span(
                    opens_ms=round(opens.timestamp() * 1000),
                    closes_ms=round(closes.timestamp() * 1000),
                    cap_bit_s=window.cap_bit_s,
                    metered=window.metered,
                    shared=window.shared,
                )
            )
    found.sort(key=lambda span: span.opens_ms)
    end = 0
    for span in found:
        begins_ms = max(span.opens_ms, end)
        if begins_ms < span.closes_ms:
            end = span.closes_ms
            if end > now_ms:
                yield replace(span, opens_ms=begins_ms)


def current(windows: Sequence[Window], now_ms: int, zone: tzinfo | None = None) -> Span | None:
    """The opening that holds now."""
    first = next(spans(windows, now_ms, zone), None)
    return first if first is not None and first.holds(now_ms) else None


def cap_beside_others(windows: Sequence[Window]) -> int | None:
    """What a person's command keeps to outside all windows: the others are on a shared line then,
    too. None where no window is `shared`."""
    caps = [w.cap_bit_s for w in windows if w.shared and w.cap_bit_s is not None]
    return min(caps, default=None)


def _clock(text: str) -> time:
    hours, minutes = text.split(":")
    return time(int(hours), int(minutes))
