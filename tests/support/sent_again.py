"""What each kill of a sending process cost: bytes of an object that went to the store once more,
charged to the life of the process that had sent them before."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

_HEAD = re.compile(rb"PUT /[^/ ]*/(packs/[0-9a-f]{32})[? ]")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Request:
    """Bytes `begin` to `end` of an object, as far as they have come."""

    life: int
    begin: int
    end: int

    def arrived(self, count: int) -> None:
        self.end += count


class SentAgain:
    """`life` is the number of the process that sends now, which whoever starts them counts. What of
    a life arrives after its end is still its own."""

    def __init__(self) -> None:
        self.life = 0
        self._requests: dict[str, list[Request]] = defaultdict(list)

    def request(self, name: str, at: int = 0) -> Request:
        """One that begins now, with the object's bytes from `at` on."""
        made = Request(self.life, at, at)
        self._requests[name].append(made)
        return made

    @property
    def cost(self) -> Mapping[int, int]:
        """By life: how many bytes went in it that went once more later."""
        found = Counter[int]()
        for requests in self._requests.values():
            edges = sorted({edge for r in requests for edge in (r.begin, r.end)})
            for begin, end in pairwise(edges):
                lives = sorted(r.life for r in requests if r.begin <= begin and r.end >= end)
                found.update({life: (end - begin) * n for life, n in Counter(lives[:-1]).items()})
        return found


def objects_of(again: SentAgain) -> Callable[[], Callable[[bytes], None]]:
    """For `Tap.readers`: what goes to an S3 store in bodies of requests that create packs."""

    def connection() -> Callable[[bytes], None]:
        head, left = bytearray(), 0
        now: Request | None = None

        def read(piece: bytes) -> None:
            nonlocal left, now
            while piece:
                if not left:
                    head.extend(piece)
                    before, blank, piece = bytes(head).partition(b"\r\n\r\n")
                    if not blank:
                        return
                    head.clear()
                    said, length = _HEAD.match(before), _LENGTH.search(before)
                    left = int(length[1]) if length else 0
                    now = again.request(said[1].decode()) if said else None
                body, piece = piece[:left], piece[left:]
                left -= len(body)
                if now is not None:
                    now.arrived(len(body))

        return read

    return connection
