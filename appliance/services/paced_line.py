"""Leave to send: the open window, its cap, a person's pause, and how much may be at stake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import tzinfo
from enum import StrEnum

from appliance.core.errors import Refused
from appliance.core.night_window import Span, Window, cap_beside_others, current
from appliance.core.ports import Clock
from appliance.core.token_bucket import TokenBucket, wire_bytes
from appliance.core.transfer import CHUNK_BYTES

_LOOK_EVERY_S = 1.0
# On a slower line the pause between two requests is a small part, and what this machine's kernel
# still holds of the last one takes longer than a killed process takes to come back and ask for it.
_WORTH_OVERLAPPING_BYTE_S = 20e6 / 8
# Of the pack whose task this is: the stores hand bodies over without knowing what is in them, and
# have forgotten a request that was answered before the journal knows of it.
_FOOTAGE: ContextVar[bool] = ContextVar("footage", default=False)
_ANSWERED: ContextVar[list[_Request] | None] = ContextVar("answered", default=None)


class Closed(StrEnum):
    """Why nothing goes (the `code` of what `PacedLine` raises)."""

    WINDOW = "outside-window"
    PAUSED = "paused"
    METERED = "metered"


class _Request:
    """Of `size` bytes, of which at most `count` would go again after a cut; `sent` have gone."""

    def __init__(self, line: PacedLine, size: int, at_stake: int | None) -> None:
        self._line = line
        self.size = size
        self.count = min(size, CHUNK_BYTES if at_stake is None else at_stake)
        self.sent = 0
        self.began_s: float | None = None
        self.handed_over = False
        self.fast = False

    async def send(self, count: int) -> None:
        await self._line.room(self, count)
        await self._line.send(count)


class PacedLine:
    """Implements `core.transfer.Line`.

    `windows` empty means any time; `forced` (a person gave a reason) sends outside them and in
    spite of a pause, and keeps to the cap of the window that happens to hold, or between windows to
    that of a shared line. `paused` is asked once a second at most. `on_sent` is told of every piece
    that goes.
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
        self._held_until_s = float("-inf")
        self.held_back_s = 0.0  # for how long, all in all, the cap kept something waiting
        self._looked_s = float("-inf")
        self._span: Span | None = None
        self._requests: list[_Request] = []  # in the order they began
        self._changed = asyncio.Condition()

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
                "Outside the windows of [night] in box.toml (22:00 to 06:00 where it has none) "
                "nothing is sent: wait for the next one, or give a reason with `hallvakt sync run "
                "--now --reason TEXT --as NAME`.",
                code=Closed.WINDOW,
            )
        if self.records_only and _FOOTAGE.get():
            raise Refused(
                "A metered window is open now, which carries records only: the rest waits for the "
                "next other one.",
                code=Closed.METERED,
            )

    @asynccontextmanager
    async def carrying(self, *, records: bool) -> AsyncIterator[None]:
        """While one pack goes and is journalled, by this task and those it starts: windows that
        follow each other may differ in what they carry, and footage stops where a metered one
        begins. A kill before the journal knows of it would send the pack again, so its last
        request counts until then."""
        answered: list[_Request] = []
        before, kept = _FOOTAGE.set(not records), _ANSWERED.set(answered)
        try:
            await self.ready()
            yield
        finally:
            _FOOTAGE.reset(before)
            _ANSWERED.reset(kept)
            await self._over(answered)

    async def send(self, count: int) -> None:
        await self.ready()
        cap_bit_s = self._cap_bit_s()
        if cap_bit_s is not None:
            now_s = self._clock.monotonic()
            wait_s = self._bucket.wait_s(wire_bytes(count), cap_bit_s, now_s)
            if wait_s > 0:
                # Several wait at once; the same second counts once.
                self.held_back_s += max(0.0, now_s + wait_s - max(now_s, self._held_until_s))
                self._held_until_s = max(self._held_until_s, now_s + wait_s)
                await self._sleep(wait_s)
                await self.ready()
        self._on_sent(count)

    def _cap_bit_s(self) -> int | None:
        if self._span is not None and self._span.holds(self._clock.now_ms()):
            return self._span.cap_bit_s
        return cap_beside_others(self._windows)

    @asynccontextmanager
    async def under_way(self, count: int, at_stake: int | None = None) -> AsyncIterator[_Request]:
        request, answered = _Request(self, count, at_stake), _ANSWERED.get()
        if answered:  # the same pack's earlier ones: parts, of which the store has each
            await self._over(answered)
        async with self._changed:
            await self._changed.wait_for(lambda: self._may_begin(request))
            self._requests.append(request)
        try:
            yield request
        except BaseException:
            await self._over([request])
            raise
        if answered is None:
            await self._over([request])
        else:
            answered.append(request)

    async def _over(self, requests: list[_Request]) -> None:
        """These would not go again any more."""
        async with self._changed:
            while requests:
                self._requests.remove(requests.pop())
            self._changed.notify_all()

    async def room(self, request: _Request, count: int) -> None:
        """Wait until `count` more bytes of `request` fit beside all that began before it, whose
        bytes all count: so the oldest always goes on, and no two wait for each other."""

        def fits() -> bool:
            before = sum(r.count for r in self._requests[: self._requests.index(request)])
            return before + min(request.sent + count, request.count) <= CHUNK_BYTES

        async with self._changed:
            await self._changed.wait_for(fits)
            now_s = self._clock.monotonic()
            request.began_s = now_s if request.began_s is None else request.began_s
            request.sent += count
            if request.sent >= request.size and not request.handed_over:
                took_s = now_s - request.began_s
                request.handed_over = True
                request.fast = request.size >= took_s * _WORTH_OVERLAPPING_BYTE_S
                self._changed.notify_all()

    def _may_begin(self, request: _Request) -> bool:
        """Whole beside the others within a chunk; or, on a fast line while they all wait for their
        replies only, as far as it gets: a request that stands still in its middle is given up by
        some stores."""
        before = sum(r.count for r in self._requests)
        if before + request.count <= CHUNK_BYTES:
            return True
        return before < CHUNK_BYTES and all(r.handed_over and r.fast for r in self._requests)

    def _open(self, now_ms: int) -> bool:
        return not self._windows or (self._span is not None and self._span.holds(now_ms))
