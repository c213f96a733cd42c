"""Where one attempt's objects lie, in a hundred bytes each.

An exam of a large hall has hundreds of thousands of objects, of which a reader looks at a few: what
the manifests say of them is kept packed, and unpacked where it is asked for.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, ObjectName, PackName
from appliance.core.manifest import Chain, Entry
from appliance.core.snippet import ObjectHeader, ObjectKind

_ROW = struct.Struct("<BIIIII16s32s32s")
Key = tuple[ObjectKind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One object and where its pack holds it."""

    entry: Entry
    offset: int

    def header(self, chain: Chain) -> ObjectHeader:
        """What the object must say of itself to be opened."""
        return ObjectHeader(
            kind=self.entry.kind,
            box_id=chain.box_id,
            exam_id=chain.exam_id,
            attempt_id=self.entry.attempt_id,
            sequence=self.entry.sequence,
            epoch=self.entry.epoch,
        )


class PlacedRows(Mapping[Key, Placed]):
    """By kind and number; of two with the same the later counts. `packs` are the exam's, shared."""

    def __init__(self, attempt: AttemptId, packs: list[PackName]) -> None:
        self._attempt = attempt
        self._packs = packs
        self._rows = bytearray()

    def add(self, placed: Placed, pack: int) -> None:
        """`pack` is its place in `packs`. Raise IntegrityFailure for what is no name or number."""
        e = placed.entry
        try:
            self._rows += _ROW.pack(
                *(e.kind, e.sequence, e.epoch, pack, placed.offset, e.size),
                *(_sixteen(e.name), _digest(e.sha256), _digest(e.previous)),
            )
        except (ValueError, struct.error):
            raise IntegrityFailure("A manifest names an object that cannot be.") from None

    def __getitem__(self, key: Key) -> Placed:
        kind, sequence = key
        for at in reversed(range(0, len(self._rows), _ROW.size)):
            row = _ROW.unpack_from(self._rows, at)
            if row[0] == kind and row[1] == sequence:
                return self._placed(row)
        raise KeyError(key)

    def __iter__(self) -> Iterator[Key]:
        return iter({(ObjectKind(row[0]), row[1]): None for row in _ROW.iter_unpack(self._rows)})

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _placed(self, row: tuple[int, int, int, int, int, int, bytes, bytes, bytes]) -> Placed:
        kind, sequence, epoch, pack, offset, size, name, sha256, previous = row
        return Placed(
            entry=Entry(
                name=ObjectName(name.hex()),
                pack=self._packs[pack],
                kind=ObjectKind(kind),
                attempt_id=self._attempt,
                sequence=sequence,
                epoch=epoch,
                size=size,
                sha256=sha256,
                previous=previous,
            ),
            offset=offset,
        )


def _sixteen(name: str) -> bytes:
    number = bytes.fromhex(name)
    if len(number) != 16:
        raise ValueError("not a name")
    return number


def _digest(digest: bytes) -> bytes:
    if len(digest) != 32:
        raise ValueError("not a SHA-256")
    return digest
