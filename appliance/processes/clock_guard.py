"""No retention by a clock that jumped: what the janitor asks before it deletes by date."""

from __future__ import annotations

import asyncio

import msgspec

from appliance.adapters.host.clock import clock_reading
from appliance.adapters.store.stores import Stores
from appliance.core.clock_watch import TOLERANCE_MS, ClockReading, in_words, stepped_ms

_FACT = "janitor.clock"


class _Known(msgspec.Struct, forbid_unknown_fields=True):
    """`off_ms`: how far the clock is from where it was before its first jump."""

    last: ClockReading
    off_ms: int = 0


async def clock_trouble(stores: Stores, *, is_right: bool) -> str:
    """A sentence when the clock jumped since an earlier round and is not back where it was; empty
    when retention may go by it. `is_right`: a person looked, and the time is right as it is."""
    now = await asyncio.to_thread(clock_reading)
    raw = await stores.facts.get(_FACT)
    known = msgspec.json.decode(raw, type=_Known) if raw else _Known(last=now)
    off_ms = 0 if is_right else known.off_ms + stepped_ms(known.last, now)
    await stores.facts.put(_FACT, msgspec.json.encode(_Known(last=now, off_ms=off_ms)))
    if abs(off_ms) <= TOLERANCE_MS:
        return ""
    return (
        f"The box's clock jumped by {in_words(off_ms)}: nothing was deleted by date. Check the "
        "time and its source (`hallvakt doctor`); when it is right, run `hallvakt janitor "
        "--clock-is-right`."
    )
