"""No retention by a clock that jumped: what the janitor asks before it deletes by date."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from appliance.adapters.host import machine
from appliance.adapters.host.clock import clock_reading
from appliance.adapters.store.stores import Stores
from appliance.core.checkup import Check
from appliance.core.checkup_erased import held_back
from appliance.core.clock_watch import (
    OFF_AT_MOST_MS,
    TOLERANCE_MS,
    ClockReading,
    in_words,
    leapt_ms,
    stepped_ms,
)

_FACT = "janitor.clock"


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    """`off_ms`: how far the clock is from where it was before its first jump."""

    last: ClockReading
    off_ms: int = 0


async def clock_checks(stores: Stores) -> Sequence[Check]:
    """For the doctor: what the janitor's last round thought of the clock."""
    raw = await stores.facts.get(_FACT)
    off_ms = msgspec.json.decode(raw, type=_Known).off_ms if raw else 0
    return held_back(in_words(off_ms) if abs(off_ms) > TOLERANCE_MS else "")


def _is_kept() -> bool:
    """Whether a time service keeps the clock."""
    return machine.time_source().synchronised


async def clock_trouble(
    stores: Stores, *, is_right: bool, is_kept: Callable[[], bool] = _is_kept
) -> str:
    """A sentence when the clock jumped since an earlier round and is not back where it was; empty
    when retention may go by it. A start with a clock far ahead of the last round's, which nobody
    keeps, is a jump: as with a mainboard whose battery is empty. `is_right`: a person looked, and
    the time is right as it is."""
    now = await asyncio.to_thread(clock_reading)
    raw = await stores.facts.get(_FACT)
    known = msgspec.json.decode(raw, type=_Known) if raw else _Known(last=now)
    step = stepped_ms(known.last, now)
    if (leap := leapt_ms(known.last, now)) and not await asyncio.to_thread(is_kept):
        step = leap
    off_ms = 0 if is_right else known.off_ms + step
    await stores.facts.put(_FACT, msgspec.json.encode(_Known(last=now, off_ms=off_ms)))
    if abs(off_ms) <= TOLERANCE_MS:
        return ""
    off = " (or the machine was off for as long)" if off_ms > OFF_AT_MOST_MS else ""
    return (
        f"The box's clock jumped by {in_words(off_ms)}{off}: nothing was deleted by date. Check "
        "the time and its source (`hallvakt doctor`); when it is right, run `hallvakt janitor "
        "--clock-is-right`."
    )
