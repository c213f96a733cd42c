"""What goes to the database goes by the line too: some 0.6 % of the media, 200 MB of a long exam.

In groups so small that a window that ends and a pause are heard, and a cap holds; a group is asked
for piece by piece, as bodies of objects are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from appliance.core.ports import RecordCloud
from appliance.core.transfer import Line
from appliance.services.signing import Encode

_PIECE = 64 * 1024
GROUP_BYTES = 128 * 1024  # in one command to the database: 5 % of ten seconds at 2 Mbit/s


class PacedRecords:
    """`encode` stands for what the driver makes of a document: their sizes are alike (CBOR and
    BSON), and where the server takes compressed ones it is less."""

    def __init__(self, records: RecordCloud, line: Line, encode: Encode) -> None:
        self._records = records
        self._line = line
        self._encode = encode

    async def upsert(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        """As `RecordCloud.upsert`; raise Refused where nothing may go any more."""
        for group, size in self._groups(documents):
            await self._leave(size)
            await self._records.upsert(collection, group)

    async def create(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        """As `RecordCloud.create`; raise Refused where nothing may go any more."""
        for group, size in self._groups(documents):
            await self._leave(size)
            await self._records.create(collection, group)

    async def _leave(self, size: int) -> None:
        for at in range(0, size, _PIECE):
            await self._line.send(min(_PIECE, size - at))

    def _groups(
        self, documents: Sequence[dict[str, Any]]
    ) -> Iterator[tuple[list[dict[str, Any]], int]]:
        group: list[dict[str, Any]] = []
        size = 0
        for document in documents:
            more = len(self._encode(document))
            if group and size + more > GROUP_BYTES:
                yield group, size
                group, size = [], 0
            group.append(document)
            size += more
        if group:
            yield group, size
