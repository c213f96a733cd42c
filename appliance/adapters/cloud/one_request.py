"""An object that goes in one request, whose reply may be lost.

That it was begun is journalled, so whoever comes after a lost reply, this process or the next, asks
whether the object is there before it sends a byte again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from appliance.adapters.cloud.retrying import retried_unless
from appliance.core.transfer import Line, Sender, UnfinishedUpload, UploadJournal

T = TypeVar("T")
_WORTH_ASKING = 1024 * 1024  # bytes: a smaller object is sent again as fast as it is asked for


class OneRequest:
    """`exists` is asked by somebody who may look."""

    def __init__(
        self,
        uploads: UploadJournal,
        line: Line,
        exists: Callable[[str], Awaitable[bool]],
        pauses_s: tuple[float, ...],
    ) -> None:
        self._uploads = uploads
        self._line = line
        self._exists = exists
        self._pauses_s = pauses_s

    async def send(
        self, name: str, size: int, act: Callable[[Sender], Awaitable[T | None]]
    ) -> T | None:
        """The store's reply; None when there is an object of this name. `act` sends it once, and
        raises AgainError when it is worth another try."""
        asks = size >= _WORTH_ASKING

        async def there() -> bool:
            return asks and await self._exists(name)

        if asks and await self._uploads.find(name) is not None and await there():
            await self._uploads.arrived(name)
            return None
        if asks:
            await self._uploads.remember(UnfinishedUpload(name=name, size=size, token=""))
        async with self._line.under_way(size) as sender:
            reply = await retried_unless(there, lambda: act(sender), self._line, self._pauses_s)
        if asks:
            await self._uploads.arrived(name)
        return reply
