"""A bound on how many bytes of uploads are in memory at once, whoever sends them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from appliance.core.errors import Unreachable


class ByteBudget:
    """`reserve` never waits: who finds no room comes back later (HTTP 503 with Retry-After)."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.used = 0

    @property
    def share_used(self) -> float:
        """0..1"""
        return self.used / self.total

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Raise Unreachable(code="busy") when `size` more bytes do not fit now."""
        if self.used + size > self.total:
            raise Unreachable(
                "The box is taking in as much as it can: the page tries again by itself.",
                code="busy",
            )
        self.used += size
        try:
            yield
        finally:
            self.used -= size
