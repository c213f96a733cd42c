"""Ciphertext in a dictionary, for tests and dry runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from appliance.core.errors import Conflict, NoRoom, NotFound
from appliance.core.ids import ObjectName, check_id


class MemoryBlobs:
    """Implements `core.ports.BlobStore`. `capacity` is in bytes."""

    def __init__(self, capacity: int = 64 * 1024 * 1024) -> None:
        self._capacity = capacity
        self._blobs: dict[str, bytes] = {}

    async def put(self, name: ObjectName, sealed: bytes) -> None:
        if check_id(name) in self._blobs:
            raise Conflict("An object of this name is already kept.")
        if len(sealed) > await self.free_bytes():
            raise NoRoom("There is no room for this object.")
        self._blobs[name] = bytes(sealed)

    async def get(self, name: ObjectName) -> bytes:
        try:
            return self._blobs[check_id(name)]
        except KeyError as error:
            raise NotFound("There is no object of this name (any more).") from error

    async def delete(self, name: ObjectName) -> None:
        self._blobs.pop(check_id(name), None)

    async def names(self) -> AsyncIterator[ObjectName]:
        for name in list(self._blobs):
            yield ObjectName(name)

    async def free_bytes(self) -> int:
        return self._capacity - sum(len(blob) for blob in self._blobs.values())
