"""Whether the wall clock did what a clock does: went on as long as the machine ran. Pure.

Retention, logins and the order of footage hang on the wall clock. A time server's slow correction
is normal; a step of minutes or a day is a person or a fault, and is said. Nothing is deleted while
it is not known which of the two times was right.
"""

from __future__ import annotations

from dataclasses import dataclass

TOLERANCE_MS = 10 * 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockReading:
    """`wall_ms` Unix milliseconds, `running_ms` since boot (suspend counted), `boot` which one."""

    wall_ms: int
    running_ms: int
    boot: str


def stepped_ms(before: ClockReading, now: ClockReading) -> int:
    """How far the wall clock went beyond the time that passed; negative when it was put back.
    0 within the tolerance, and over a reboot, where nothing is known."""
    if before.boot != now.boot:
        return 0
    beyond = (now.wall_ms - before.wall_ms) - (now.running_ms - before.running_ms)
    return beyond if abs(beyond) > TOLERANCE_MS else 0


# A box may be off over a break; longer than this, a wrong clock is as likely as a long holiday.
OFF_AT_MOST_MS = 14 * 86_400_000


def leapt_ms(before: ClockReading, now: ClockReading) -> int:
    """Over a reboot: how long the machine was off by its clock, where that is longer than a box is
    believed to be off without a time service that says so; else 0."""
    if before.boot == now.boot:
        return 0
    off = now.wall_ms - now.running_ms - before.wall_ms
    return off if off > OFF_AT_MOST_MS else 0


def in_words(step_ms: int) -> str:
    """`24 h 0 min forward`."""
    minutes = round(abs(step_ms) / 60_000)
    return f"{minutes // 60} h {minutes % 60} min {'forward' if step_ms > 0 else 'back'}"
