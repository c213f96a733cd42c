"""Which snippet numbers of each attempt have arrived, in little memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from appliance.core.errors import BadInput
from appliance.core.ids import AttemptId
from appliance.core.ports import SnippetStore

WINDOW = 360  # an hour of ten-second snippets (ARCHITECTURE, candidate API)


@dataclass(slots=True)
class Arrived:
    """`solid`: the highest number below which none is missing. `beyond`: those above it."""

    solid: int = 0
    beyond: set[int] = field(default_factory=set)

    @classmethod
    def of(cls, sequences: Iterable[int]) -> Arrived:
        arrived = cls()
        for sequence in sorted(sequences):
            arrived.add(sequence)
        return arrived

    @property
    def highest(self) -> int:
        return max(self.beyond, default=self.solid)

    def __contains__(self, sequence: int) -> bool:
        return 1 <= sequence <= self.solid or sequence in self.beyond

    def add(self, sequence: int) -> None:
        self.beyond.add(sequence)
        while self.solid + 1 in self.beyond:
            self.solid += 1
            self.beyond.remove(self.solid)

    def check_new(self, sequence: int) -> None:
        """Raise BadInput for a number too far from the highest that has arrived."""
        if not max(1, self.highest - WINDOW) <= sequence <= self.highest + WINDOW:
            raise BadInput(
                f"Snippet {sequence} is too far from snippet {self.highest}: "
                "send the missing ones first.",
                code="sequence-out-of-range",
            )


class Arrivals:
    def __init__(self, snippets: SnippetStore) -> None:
        self._snippets = snippets
        self._known: dict[AttemptId, Arrived] = {}

    async def of(self, attempt: AttemptId) -> Arrived:
        if attempt not in self._known:
            rows = await self._snippets.snippets(attempt)
            self._known.setdefault(attempt, Arrived.of(row.sequence for row in rows))
        return self._known[attempt]

    def forget(self, attempt: AttemptId) -> None:
        self._known.pop(attempt, None)
