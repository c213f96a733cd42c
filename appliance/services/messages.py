"""What was said to each candidate: a page that was away reads it when it is back.

In memory only; the audit log says that something was said, not what.
"""

from __future__ import annotations

from collections import OrderedDict, deque

from appliance.core.ids import AttemptId
from appliance.services.channels import HallMessage

KEPT = 5
_MOST_ATTEMPTS = 5_000


class Messages:
    def __init__(self) -> None:
        self._said: OrderedDict[AttemptId, deque[HallMessage]] = OrderedDict()

    def say(self, attempt: AttemptId, message: HallMessage) -> None:
        said = self._said.pop(attempt, None) or deque(maxlen=KEPT)
        said.append(message)
        self._said[attempt] = said
        if len(self._said) > _MOST_ATTEMPTS:
            self._said.popitem(last=False)

    def to(self, attempt: AttemptId) -> tuple[HallMessage, ...]:
        """The last five, the oldest first."""
        return tuple(self._said.get(attempt, ()))
