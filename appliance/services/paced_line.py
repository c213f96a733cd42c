"""Leave to send: the open window, its cap, a person's pause, and how much may be at stake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import tzinfo
from enum import StrEnum

from appliance.core.errors import Refused
from appliance.core.night_window import Span, Window, current
from appliance.core.ports import Clock
from appliance.core.token_bucket import TokenBucket, wire_bytes
from appliance.core.transfer import CHUNK_BYTES

_LOOK_EVERY_S = 1.0


class Closed(StrEnum):
    """Why nothing goes (the `code` of what `PacedLine` raises)."""

    WINDOW = "outside-window"
    PAUSED = "paused"


class PacedLine:
    """Implements `core.transfer.Line`.

    `windows` empty means any time; `forced` (a person gave a reason) sends outside them and in
    spite of a pause, and keeps to the cap of the window that happens to hold. `paused` is asked
    once a second at most. `on_sent` is told of every piece that goes.
    """

    def __init__(
        self,
        windows: tuple[Window, ...],
        clock: Clock,
        *,
        paused: Callable[[], Awaitable[bool]],
        zone: tzinfo | None = None,
        forced: bool = False,
        on_sent: Callable[[int], None] = lambda count: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._windows = windows
        self._clock = clock
        self._paused = paused
        self._zone = zone
        self._forced = forced
        self._on_sent = on_sent
        self._sleep = sleep
        self._bucket = TokenBucket()
        self._looked_s = float("-inf")
        self._span: Span | None = None
        self._at_stake = 0
        self._less_at_stake = asyncio.Condition()

    @property
    def records_only(self) -> bool:
        """Whether the line that is open now is a metered one."""
        return not self._forced and self._span is not None and self._span.metered

    async def ready(self) -> None:
        now_ms = self._clock.now_ms()
        if self._clock.monotonic() - self._looked_s >= _LOOK_EVERY_S or not self._open(now_ms):
            self._looked_s = self._clock.monotonic()
            self._span = current(self._windows, now_ms, self._zone)
            if not self._forced and await self._paused():
                raise Refused(
                    "Sending is paused: `hallvakt sync resume` lets it go on.", code=Closed.PAUSED
                )
        if not self._forced and not self._open(now_ms):
            raise Refused(
                "Outside the windows of [night] in box.toml nothing is sent: wait for the next "
                "one, or give a reason with `hallvakt sync run --now --reason TEXT`.",
                code=Closed.WINDOW,
            )

    async def send(self, count: int) -> None:
        await self.ready()
        if self._span is not None and self._span.cap_bit_s is not None:
            now_s = self._clock.monotonic()
            wait_s = self._bucket.wait_s(wire_bytes(count), self._span.cap_bit_s, now_s)
            if wait_s > 0:
                await self._sleep(wait_s)
                await self.ready()
        self._on_sent(count)

    @asynccontextmanager
    async def under_way(self, count: int) -> AsyncIterator[None]:
        count = min(count, CHUNK_BYTES)
        async with self._less_at_stake:
            await self._less_at_stake.wait_for(lambda: self._at_stake + count <= CHUNK_BYTES)
            self._at_stake += count
        try:
            yield
        finally:
            async with self._less_at_stake:
                self._at_stake -= count
                self._less_at_stake.notify_all()

    def _open(self, now_ms: int) -> bool:
        return not self._windows or (self._span is not None and self._span.holds(now_ms))
