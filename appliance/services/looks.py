"""One look, one audit entry: who watches the hall in pictures asks for each seat every twenty
seconds, and that is one look at the seat and not a hundred."""

from __future__ import annotations

from appliance.core.ids import AttemptId, UserId
from appliance.core.ports import Clock

CONTINUES_MS = 90_000  # a mosaic asks again sooner; a pause longer than this ends the look
LONGEST_MS = 15 * 60_000  # so that the log says to a quarter of an hour when somebody looked


class Looks:
    """Which looks go on. Held in memory: after a restart every look is a new one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._going_on: dict[tuple[UserId, AttemptId], tuple[int, int]] = {}

    def begins(self, person: UserId, attempt: AttemptId) -> bool:
        """Whether this is a new look, which has to be written down before it happens: the first
        one, one after a pause, or one that has gone on for `LONGEST_MS`."""
        now = self._clock.now_ms()
        began, last = self._going_on.get((person, attempt), (-LONGEST_MS, -LONGEST_MS))
        if now - last <= CONTINUES_MS and now - began < LONGEST_MS:
            self._going_on[person, attempt] = (began, now)
            return False
        return True

    def began(self, person: UserId, attempt: AttemptId) -> None:
        """The entry is in the log. Looks that are over are forgotten."""
        now = self._clock.now_ms()
        self._going_on = {
            key: (began, last)
            for key, (began, last) in self._going_on.items()
            if now - last <= CONTINUES_MS
        }
        self._going_on[person, attempt] = (now, now)
