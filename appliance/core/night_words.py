"""A forecast in a sentence that cannot be misread: two nights are called two nights. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from appliance.core.night_forecast import Forecast
from appliance.core.night_window import Span
from appliance.core.snippet import PriorityClass

_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven")


def sentence(forecast: Forecast, now_ms: int, zone: tzinfo | None = None) -> str:
    """In English; `zone` None is the machine's own."""
    if not forecast.bytes:
        return "Nothing to send."
    if not forecast.nights:
        return (
            f"{size(forecast.bytes)} do not fit through the windows of a week: give the night a "
            'longer window or a higher cap, or choose sync = "flagged" for exams.'
        )
    if forecast.finishes_ms is None:
        return "How long it takes is known after the first night, or from a cap in [night]."
    return f"{nights(forecast.nights)}, done {when(forecast.finishes_ms, now_ms, zone)}."


def whole(forecast: Forecast, now_ms: int, zone: tzinfo | None = None) -> str:
    """In one line what is sent in which order, through which window and cap, and done when."""
    said = [order(forecast)]
    if forecast.windows:
        first = "window" if len(forecast.windows) == 1 else "first window"
        said.append(f"{first} {window(forecast.windows[0], now_ms, zone)}")
    return "; ".join([*said, sentence(forecast, now_ms, zone)])


def order(forecast: Forecast) -> str:
    """`first records 4.0 MB, flagged footage 1.60 GB, portraits 12.0 MB, the rest 8.00 GB`."""
    sizes = {kind: size(count) for kind, count in forecast.order}
    return (
        f"first records {sizes[PriorityClass.RECORDS]}, "
        f"flagged footage {sizes[PriorityClass.FLAGGED]}, "
        f"portraits {sizes[PriorityClass.PORTRAITS]}, the rest {sizes[PriorityClass.REST]}"
    )


def window(span: Span, now_ms: int, zone: tzinfo | None = None) -> str:
    """`22:00 to 06:00, at most 4 Mbit/s`."""
    opens = "now" if span.holds(now_ms) else when(span.opens_ms, now_ms, zone)
    closes = datetime.fromtimestamp(span.closes_ms / 1000, zone)
    cap = "no cap" if span.cap_bit_s is None else f"at most {span.cap_bit_s / 1e6:g} Mbit/s"
    if span.shared:
        cap += " of a shared line"
    if span.metered:
        cap += ", records only"
    return f"{opens} to {closes:%H:%M}, {cap}"


def nights(count: int) -> str:
    """`One night`, `Two nights`."""
    number = _NUMBERS[count] if count < len(_NUMBERS) else str(count)
    return f"{number} {'night' if count == 1 else 'nights'}".capitalize()


def when(at_ms: int, now_ms: int, zone: tzinfo | None = None) -> str:
    """`04:40` when that is within a day, else with the weekday and date."""
    at = datetime.fromtimestamp(at_ms / 1000, zone)
    if 0 <= at_ms - now_ms < 24 * 3_600_000:
        return f"{at:%H:%M}"
    return f"{at:%a %d %b %H:%M}"


def counted(count: int, one: str) -> str:
    """`1 exam`, `2 exams`."""
    return f"{count:,} {one}" if count == 1 else f"{count:,} {one}s"


def size(count: int) -> str:
    """Decimal units, as lines and caps are counted."""
    if 0 < count < 1e5:
        return f"{count / 1e3:.1f} kB"
    return f"{count / 1e6:.1f} MB" if count < 1e9 else f"{count / 1e9:.2f} GB"
