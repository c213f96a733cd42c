"""Both cloud ports in memory: what the contract tests hold real stores against."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from appliance.adapters.cloud.names import check_name, check_prefix, crc32c
from appliance.adapters.cloud.residency import ON_SITE, check_location
from appliance.core.errors import Conflict, NotFound
from appliance.core.ports import Content, RemoteObject


class MemoryObjects:
    def __init__(self, location: str = ON_SITE) -> None:
        self._location = location
        self.content: dict[str, bytes] = {}

    async def location(self) -> str:
        return self._location

    async def put(self, name: str, content: Content) -> RemoteObject:
        content = bytes(content)
        if self.content.setdefault(check_name(name), content) != content:
            raise Conflict("An object of that name with other content is stored already.")
        return RemoteObject(name=name, size=len(content), crc32c=crc32c(content))

    async def stat(self, name: str) -> RemoteObject | None:
        content = self.content.get(check_name(name))
        if content is None:
            return None
        return RemoteObject(name=name, size=len(content), crc32c=crc32c(content))

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        check_prefix(prefix)
        return {
            name: RemoteObject(name=name, size=len(content), crc32c=crc32c(content))
            for name, content in self.content.items()
            if name.startswith(prefix)
        }

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        try:
            content = self.content[check_name(name)]
        except KeyError:
            raise NotFound("There is no such object in the object store.") from None
        return content[start:] if length is None else content[start : start + length]

    async def delete(self, name: str) -> None:
        self.content.pop(check_name(name), None)

    async def close(self) -> None:
        return


class MemoryRecords:
    def __init__(self, location: str = ON_SITE) -> None:
        self._location = location
        self.collections: dict[str, dict[Any, dict[str, Any]]] = {}

    async def check_residency(self) -> str:
        return check_location(self._location)

    async def upsert(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        kept = self.collections.setdefault(collection, {})
        for document in documents:
            kept[document["_id"]] = copy.deepcopy(document)

    async def create(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        kept = self.collections.setdefault(collection, {})
        for document in documents:
            if kept.setdefault(document["_id"], copy.deepcopy(document)) != document:
                raise Conflict("A record of that id with other content is stored already.")

    async def find(
        self, collection: str, *, fields: Sequence[str] = (), **equals: Any
    ) -> Sequence[dict[str, Any]]:
        return [
            {key: copy.deepcopy(d[key]) for key in d if not fields or key in ("_id", *fields)}
            for d in self._matching(collection, equals)
        ]

    async def delete(self, collection: str, **equals: Any) -> int:
        matching = self._matching(collection, equals)
        for document in matching:
            del self.collections[collection][document["_id"]]
        return len(matching)

    async def close(self) -> None:
        return

    def _matching(self, collection: str, equals: dict[str, Any]) -> list[dict[str, Any]]:
        documents = self.collections.get(collection, {}).values()
        return [d for d in documents if all(_equals(d, *each) for each in equals.items())]


def _equals(document: dict[str, Any], key: str, value: object) -> bool:
    outer, _, inner = key.partition(".")
    if not inner:
        return bool(document.get(key) == value)
    return any(row.get(inner) == value for row in document.get(outer) or ())
