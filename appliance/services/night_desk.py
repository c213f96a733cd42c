"""A person holds the night's sending back, or lets it go on: audited before it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.core.ids import BoxId
from appliance.core.roles import Person
from appliance.services.access import Access


class NightDesk:
    """`pause` remembers it where a run that is going on, in whichever process, sees it."""

    def __init__(
        self, access: Access, box_id: BoxId, pause: Callable[[bool], Awaitable[None]]
    ) -> None:
        self._access = access
        self._box_id = box_id
        self._pause = pause

    async def pause(self, person: Person, *, paused: bool) -> None:
        """Idempotent. `person` was authorised for it (`Action.SYNC_RUN`)."""
        action = "sync.paused" if paused else "sync.resumed"
        await self._access.note(person, "archive", self._box_id, action)
        await self._pause(paused)
