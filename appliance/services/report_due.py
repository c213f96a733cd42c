"""Whether the timer's round has something to tell the fleet.

Outside the windows nothing is sent without a person, and a timer comes round 96 times a day. So the
box speaks after the first round of an opening, and after each later one that sent something or went
wrong; what it could not say by the next round, the next opening's first round says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

from appliance.core.night_window import Window, current
from appliance.core.ports import Clock

DUE, REPORTED_MS = "fleet.due", "fleet.reported_ms"


class Facts(Protocol):
    """Small things the box remembers by name."""

    async def put(self, name: str, value: bytes) -> None: ...

    async def get(self, name: str) -> bytes | None: ...


class ReportDue:
    """On disk, so that a round that was killed is told of, too."""

    def __init__(
        self,
        facts: Facts,
        clock: Clock,
        *,
        windows: Sequence[Window],
        zone: tzinfo | None = None,
    ) -> None:
        self._facts = facts
        self._clock = clock
        self._windows = windows
        self._zone = zone

    async def __call__(self) -> bool:
        return bool(await self._facts.get(DUE))

    async def round_begins(self) -> None:
        await self._facts.put(DUE, b"")

    async def let_in(self) -> None:
        """The round may send: unless it says that it did nothing, there is something to tell."""
        await self._facts.put(DUE, b"1")

    async def did_nothing(self) -> None:
        reported = await self._facts.get(REPORTED_MS)
        open_now = current(self._windows, self._clock.now_ms(), self._zone)
        if reported and open_now is not None and open_now.opens_ms <= int(reported):
            await self._facts.put(DUE, b"")

    async def told(self) -> None:
        await self._facts.put(REPORTED_MS, str(self._clock.now_ms()).encode())
        await self._facts.put(DUE, b"")
