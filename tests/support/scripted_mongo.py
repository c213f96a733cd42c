"""A server that answers MongoDB's `hello` as told, and nothing else.

Enough of the wire protocol (OP_QUERY for the first handshake, OP_MSG after it) for the real driver
to discover a replica set whose members carry tags, which no server in the tests can.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import bson

_HEADER = struct.Struct("<iiii")  # length, request id, response to, operation
_REPLY, _QUERY, _MESSAGE = 1, 2004, 2013


@asynccontextmanager
async def replica_set(tags: Sequence[Mapping[str, str]]) -> AsyncIterator[str]:
    """The URI of a set with one member per entry of `tags`; the first is the primary."""
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
                    await _answer(reader, writer, _hello(hosts, number, own))
            except (asyncio.IncompleteReadError, ConnectionError):
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        servers.append(server)
        hosts.append(f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    try:
        yield f"mongodb://{','.join(hosts)}/?replicaSet=scripted"
    finally:
        for server in servers:
            server.close()


def _hello(hosts: Sequence[str], number: int, tags: Mapping[str, str]) -> dict[str, Any]:
    return {
        "ok": 1.0,
        "isWritablePrimary": number == 0,
        "ismaster": number == 0,
        "secondary": number != 0,
        "setName": "scripted",
        "setVersion": 1,
        "hosts": list(hosts),
        "me": hosts[number],
        "primary": hosts[0],
        "tags": dict(tags),
        "minWireVersion": 0,
        "maxWireVersion": 21,
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "logicalSessionTimeoutMinutes": 30,
    }


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, document: dict[str, Any]
) -> None:
    length, request, _, operation = _HEADER.unpack(await reader.readexactly(_HEADER.size))
    await reader.readexactly(length - _HEADER.size)
    body = bson.encode(document)
    if operation == _QUERY:
        reply, content = _REPLY, struct.pack("<iqii", 8, 0, 0, 1) + body
    else:
        reply, content = _MESSAGE, struct.pack("<ib", 0, 0) + body
    writer.write(_HEADER.pack(_HEADER.size + len(content), 1, request, reply) + content)
    await writer.drain()
