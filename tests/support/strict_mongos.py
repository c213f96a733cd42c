"""A sharded cluster's router as MongoDB's manual says it is, in front of the tests' database.

No cluster runs in the tests. This speaks the wire protocol between the real driver and a real
MongoDB-wire server: it says of itself that it is a router, refuses what a router refuses of a
sharded collection, with the code it would give, and passes on everything else. Rules from the
manual's "Operational Restrictions in Sharded Clusters", "Shard Keys", "Unique Indexes",
`shardCollection` and "Retryable Writes", and the stricter of two versions where they differ.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import bson

from tests.support.scripted_mongo import HEADER, LIMITS, MESSAGE, QUERY, REPLY, command_of

_HELLO = frozenset({"hello", "ismaster", "isMaster"})
_READS = frozenset({"ping", "find", "getMore", "killCursors", "listCollections", "listIndexes"})
_PASSED = _READS | {"create", "collMod", "createRole", "updateRole", "endSessions"}
SHARD_KEY_MISSING, NO_UNIQUE_INDEX, NO_COMMAND, NOT_ALLOWED, TAKEN, OPTIONS = 61, 67, 59, 13, 23, 72


class RefusedError(Exception):
    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(slots=True)
class Router:
    """`keys` are the shard keys by collection; `asked` all commands but hello; without
    `may_shard` the login lacks the right."""

    uri: str = ""
    may_shard: bool = True
    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    indexes: dict[str, list[tuple[str, ...]]] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def hello(self) -> dict[str, Any]:
        return {"msg": "isdbgrid"}

    def judge(self, command: Mapping[str, Any]) -> bool:
        """Whether it is done already; raise RefusedError for what a router does not take."""
        name = next(iter(command))
        if name in ("enableSharding", "shardCollection"):
            if command["$db"] != "admin" or not self.may_shard:
                raise RefusedError(NOT_ALLOWED, "not authorized")
            if name == "shardCollection":
                self._shard(command)
            return True
        key = self.keys.get(str(command[name]), ())
        once = "txnNumber" in command  # the driver would try it again by itself
        if name == "insert":
            for document in command["documents"]:
                _whole(key, document)
        elif name == "update":
            for write in command["updates"]:
                _update(key, write, once=once)
        elif name == "delete":
            for write in command["deletes"]:
                if write["limit"] and "_id" not in write["q"]:
                    _whole(key, write["q"])
                if once and not write["limit"]:
                    raise RefusedError(OPTIONS, "a delete of many cannot be retried")
        elif name == "createIndexes":
            self._index(str(command[name]), key, command["indexes"])
        elif name not in _PASSED:
            raise RefusedError(NO_COMMAND, f"no such command: {name}")
        return False

    def _shard(self, command: Mapping[str, Any]) -> None:
        collection = command["shardCollection"].partition(".")[2]
        key = tuple(command["key"])
        if self.keys.get(collection, key) != key:
            raise RefusedError(TAKEN, "sharded by another key")
        if all(index[: len(key)] != key for index in self.indexes.get(collection, ())):
            raise RefusedError(OPTIONS, "create an index that begins with the shard key first")
        self.keys[collection] = key

    def _index(
        self, collection: str, key: tuple[str, ...], indexes: list[Mapping[str, Any]]
    ) -> None:
        for index in indexes:
            fields = tuple(index["key"])
            if index.get("unique") and fields[: len(key)] != key:
                raise RefusedError(NO_UNIQUE_INDEX, "a unique index begins with the shard key")
            self.indexes.setdefault(collection, []).append(fields)


def _update(key: tuple[str, ...], write: Mapping[str, Any], *, once: bool) -> None:
    replaces = not any(name.startswith("$") for name in write["u"])
    if write.get("upsert") or "_id" not in write["q"]:
        _whole(key, write["q"])
    if replaces:
        _whole(key, write["u"])
        if any(write["q"].get(name, write["u"][name]) != write["u"][name] for name in key):
            raise RefusedError(SHARD_KEY_MISSING, "a document does not change its shard like this")
    if write.get("multi") and (replaces or once):
        raise RefusedError(OPTIONS, "not for many at once")


def _whole(key: tuple[str, ...], document: Mapping[str, Any]) -> None:
    """Every field of the key, by equality."""
    if not all(name in document and not isinstance(document[name], dict) for name in key):
        raise RefusedError(SHARD_KEY_MISSING, "the shard key is missing")


@asynccontextmanager
async def strict_mongos(port: int, *, may_shard: bool = True) -> AsyncIterator[Router]:
    """In front of the server at `port` of this machine."""
    made = Router(may_shard=may_shard)
    async with in_front(made, port):
        yield made


@asynccontextmanager
async def in_front(made: Router, port: int) -> AsyncIterator[None]:
    """Serve as `made`, whose URI is known from now on."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                head = await reader.readexactly(HEADER.size)
                length, request, _, operation = HEADER.unpack(head)
                content = await reader.readexactly(length - HEADER.size)
                answer = _own_answer(made, operation, content)
                if answer is not None:
                    writer.write(_reply(answer, request, operation))
                else:
                    command = command_of(content)
                    command.pop("txnNumber", None)  # the server behind is no member of anything
                    writer_content = struct.pack("<ib", 0, 0) + bson.encode(command)
                    size = HEADER.size + len(writer_content)
                    behind_writer.write(HEADER.pack(size, request, 0, MESSAGE) + writer_content)
                    back = await behind_reader.readexactly(HEADER.size)
                    rest = await behind_reader.readexactly(HEADER.unpack(back)[0] - HEADER.size)
                    writer.write(back + rest)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            pass
        finally:
            writer.close()
            behind_writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.uri = f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    try:
        yield
    finally:
        server.close()


def _own_answer(made: Router, operation: int, content: bytes) -> dict[str, Any] | None:
    """What the router says without asking anybody; None for what it passes on."""
    if operation == QUERY or _HELLO & set(command := command_of(content)):
        return {**LIMITS, **made.hello(), "localTime": datetime.now(UTC)}
    made.asked.append(dict(command))
    try:
        return {"ok": 1.0} if made.judge(command) else None
    except RefusedError as refused:
        return {"ok": 0.0, "code": refused.code, "errmsg": str(refused)}


def _reply(document: dict[str, Any], request: int, operation: int) -> bytes:
    body = bson.encode(document)
    if operation == QUERY:
        kind, content = REPLY, struct.pack("<iqii", 8, 0, 0, 1) + body
    else:
        kind, content = MESSAGE, struct.pack("<ib", 0, 0) + body
    return HEADER.pack(HEADER.size + len(content), 1, request, kind) + content
