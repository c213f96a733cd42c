"""A server that answers MongoDB's `hello` as told, and every other command with "done".

Enough of the wire protocol (OP_QUERY for the first handshake, OP_MSG after it) for the real driver
to discover a replica set whose members carry tags, or a sharded cluster's router, which no server
in the tests can be. It keeps nothing: what it was asked is the caller's to look at.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import bson

HEADER = struct.Struct("<iiii")  # length, request id, response to, operation
REPLY, QUERY, COMPRESSED, MESSAGE = 1, 2004, 2012, 2013
_INSIDE = struct.Struct("<iiB")  # operation, its length, compressor
_ZLIB = 2


@asynccontextmanager
async def router(asked: list[dict[str, Any]]) -> AsyncIterator[str]:
    """The URI of a sharded cluster's router; what it is asked is appended to `asked`."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                await _answer(reader, writer, {**LIMITS, "msg": "isdbgrid"}, asked)
        except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"mongodb://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@asynccontextmanager
async def replica_set(
    tags: Sequence[Mapping[str, str]],
    asked: list[dict[str, Any]] | None = None,
    *,
    offers: Sequence[str] = (),
) -> AsyncIterator[str]:
    """The URI of a set with one member per entry of `tags`; the first is the primary. What is
    asked beside `hello` is appended to `asked`. `offers`: compressors that it reads; a command that
    came compressed says how long it was on the line under `$onTheLine`."""
    hosts: list[str] = []
    servers = []
    for number, own in enumerate(tags):

        async def serve(
            reader: asyncio.StreamReader,
            writer: asyncio.StreamWriter,
            number: int = number,
            own: Mapping[str, str] = own,
        ) -> None:
            try:
                while True:
                    hello = _hello(hosts, number, own) | {"compression": list(offers)}
                    await _answer(reader, writer, hello, asked)
            except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        hosts.append(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield f"mongodb://{','.join(hosts)}/?replicaSet=scripted"
    finally:
        for server in servers:
            server.close()


LIMITS: dict[str, Any] = {
    "ok": 1.0,
    "isWritablePrimary": True,
    "ismaster": True,
    "minWireVersion": 0,
    "maxWireVersion": 21,
    "maxBsonObjectSize": 16 * 1024 * 1024,
    "maxMessageSizeBytes": 48_000_000,
    "maxWriteBatchSize": 100_000,
    "logicalSessionTimeoutMinutes": 30,
}


def _hello(hosts: Sequence[str], number: int, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        **LIMITS,
        "isWritablePrimary": number == 0,
        "ismaster": number == 0,
        "secondary": number != 0,
        "setName": "scripted",
        "setVersion": 1,
        "hosts": list(hosts),
        "me": hosts[number],
        "primary": hosts[0],
        "tags": dict(tags),
    }


async def _answer(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    hello: dict[str, Any],
    asked: list[dict[str, Any]] | None,
) -> None:
    length, request, _, operation = HEADER.unpack(await reader.readexactly(HEADER.size))
    content = await reader.readexactly(length - HEADER.size)
    document, compressed = hello, 0
    if operation == COMPRESSED:
        operation, _, compressor = _INSIDE.unpack_from(content)
        assert compressor == _ZLIB
        content, compressed = zlib.decompress(content[_INSIDE.size :]), length
    if operation == MESSAGE:
        command = command_of(content)
        if compressed:
            command["$onTheLine"] = compressed
        if not {"hello", "ismaster", "isMaster"} & set(command):
            if asked is not None:
                asked.append(command)
            document = _done(command)
    body = bson.encode(document)
    if operation == QUERY:
        reply, content = REPLY, struct.pack("<iqii", 8, 0, 0, 1) + body
    else:
        reply, content = MESSAGE, struct.pack("<ib", 0, 0) + body
    writer.write(HEADER.pack(HEADER.size + len(content), 1, request, reply) + content)
    await writer.drain()


def command_of(content: bytes) -> dict[str, Any]:
    """Of an OP_MSG: four bytes of flags, a section with the command, and one with its documents."""
    size = struct.unpack_from("<i", content, 5)[0]
    command: dict[str, Any] = bson.decode(content[5 : 5 + size])
    rest = content[5 + size :]
    if rest[:1] == b"\x01":
        name, _, documents = rest[5:].partition(b"\x00")
        command[name.decode()] = bson.decode_all(documents)
    return command


def _done(command: Mapping[str, Any]) -> dict[str, Any]:
    if "listCollections" in command:
        none: list[object] = []
        return {"ok": 1.0, "cursor": {"id": 0, "ns": "x.$cmd", "firstBatch": none}}
    return {"ok": 1.0, "n": 1, "nModified": 0}
