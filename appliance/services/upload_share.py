"""Each seat's share of what all seats send to: the memory of uploads under way, and the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.core.attempt import Attempt
from appliance.core.errors import Unreachable
from appliance.core.ids import AttemptId
from appliance.core.ports import Clock
from appliance.core.settings import Capture
from appliance.core.upload_allowance import Sent
from appliance.services.hall import Halls

UNDER_WAY = 2  # a page sends one at a time; one that lost its seat sends beside the new one
_SOON_S, _LONGEST_WAIT_S = 2.0, 60.0


class NotItsTurn(Unreachable):
    """The page sends it again after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message, code="busy")
        self.retry_after_s = retry_after_s


class UploadShare:
    def __init__(self, clock: Clock, halls: Halls) -> None:
        self._clock = clock
        self._halls = halls
        self._under_way: Counter[AttemptId] = Counter()
        self._sent: dict[AttemptId, Sent] = {}
        self._told: set[AttemptId] = set()

    @contextmanager
    def one(self, attempt: Attempt) -> Iterator[None]:
        """Around one upload, before its first byte is read. Raise NotItsTurn while others of this
        seat are under way."""
        key = attempt.attempt_id
        if self._under_way[key] >= UNDER_WAY:
            raise NotItsTurn(
                "Others of this seat's uploads are under way: the page tries again by itself.",
                _SOON_S,
            )
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]

    def check(self, attempt: Attempt, capture: Capture) -> None:
        """Raise NotItsTurn for a seat that has sent more than it can have recorded; consoles are
        told once."""
        now = self._clock.monotonic()
        sent = self._sent.setdefault(attempt.attempt_id, Sent(since_s=now))
        wait = sent.wait_s(capture, now)
        if not wait:
            return
        if attempt.attempt_id not in self._told:
            self._told.add(attempt.attempt_id)
            self._halls.announce(
                attempt.exam_id,
                f"Seat {attempt.seat.label} sends more than a camera records: look at that "
                "computer. The box takes it slowly, and the other seats' as before.",
                level="warning",
                attempt=attempt.attempt_id,
            )
        raise NotItsTurn(
            "This seat sends more than it can have recorded: the box takes the rest later.",
            min(wait, _LONGEST_WAIT_S),
        )

    def came(self, attempt: AttemptId, size: int) -> None:
        """Whatever becomes of it, it was sent."""
        if attempt in self._sent:
            self._sent[attempt].add(size)
