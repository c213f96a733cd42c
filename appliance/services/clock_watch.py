"""Says it when the box's wall clock jumps: on the console's status line and in the audit log."""

from __future__ import annotations

import structlog

from appliance.core.clock_watch import TOLERANCE_MS, ClockReading, in_words, stepped_ms
from appliance.core.ports import AuditStore, Clock
from appliance.services.box import Measured

log = structlog.get_logger(__name__)

NOTE = "The box's clock jumped: tell the technician."


class ClockWatch:
    """One reading a second is compared with the one before. The note goes when the clock is back
    where it was."""

    def __init__(self, clock: Clock, measured: Measured, audit: AuditStore, box_id: str) -> None:
        self._clock, self._measured, self._audit = clock, measured, audit
        self._box_id = box_id
        self._last = self._reading()
        self._off_ms = 0

    async def tick(self) -> None:
        now = self._reading()
        step = stepped_ms(self._last, now)
        self._last = now
        if not step:
            return
        self._off_ms += step
        log.error("the wall clock jumped", by=in_words(step))
        self._measured.noted(NOTE, abs(self._off_ms) > TOLERANCE_MS)
        await self._audit.append("box", "clock-jumped", in_words(step), self._box_id)

    def _reading(self) -> ClockReading:
        return ClockReading(
            wall_ms=self._clock.now_ms(),
            running_ms=round(1000 * self._clock.monotonic()),
            boot="",  # the same for as long as this process lives
        )
