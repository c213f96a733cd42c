"""What a person typed and the box did not get: nobody under stress types a note twice."""

from __future__ import annotations

from collections.abc import Awaitable

from appliance.core.errors import HallvaktError


class Unsent:
    """By what was asked; in the memory of one console, for one person's shift."""

    def __init__(self) -> None:
        self._typed: dict[str, str] = {}

    def of(self, about: str) -> str:
        """What stands there when the same is asked again; empty where nothing was lost."""
        return self._typed.get(about, "")

    async def kept(self, about: str, typed: str, work: Awaitable[None]) -> None:
        """Do `work`, which sends what was `typed`. Raise what it raises."""
        try:
            await work
        except HallvaktError:
            self._typed[about] = typed
            raise
        self._typed.pop(about, None)
