"""Hundreds of thousands of numbers or names, held in a few bytes each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_PAGE = 1024
_DIGEST = 16


@dataclass(frozen=True, slots=True)
class Numbers:
    """Whole numbers from 0 that lie close together, each once: one bit each, in pages of 1,024.
    Numbers far apart cost what a set would."""

    pages: Mapping[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(page.bit_count() for page in self.pages.values())

    def with_(self, numbers: Iterable[int]) -> Numbers:
        pages = dict(self.pages)
        for number in numbers:
            page, bit = divmod(number, _PAGE)
            pages[page] = pages.get(page, 0) | 1 << bit
        return Numbers(pages)


class Names:
    """Remembers names by 16 bytes of their digest, only to say whether one came twice."""

    def __init__(self) -> None:
        # In 256 heaps, so that no more than a part of all is taken apart at once.
        self._heaps = [bytearray() for _ in range(256)]

    def add(self, name: str) -> None:
        digest = hashlib.blake2b(name.encode(), digest_size=_DIGEST).digest()
        self._heaps[digest[0]] += digest

    def twice(self) -> bool:
        return any(_twice(bytes(heap)) for heap in self._heaps)


def _twice(heap: bytes) -> bool:
    starts = range(0, len(heap), _DIGEST)
    return len({heap[at : at + _DIGEST] for at in starts}) < len(starts)
