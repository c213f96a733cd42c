"""A forecast in a sentence that cannot be misread: two nights are called two nights. Pure."""

from __future__ import annotations

from datetime import datetime, tzinfo

from appliance.core.night_forecast import Forecast

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
