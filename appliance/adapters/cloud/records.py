"""`ports.RecordCloud` on MongoDB.

Every write is an upsert by our own `_id`, acknowledged by a majority and journalled: `j=True`
is said aloud because without it some servers lose acknowledged writes in a crash. Nothing is ever
incremented, so a write that is sent twice does no harm.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bson.int64 import Int64
from pymongo import AsyncMongoClient, ReplaceOne, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    InvalidURI,
    OperationFailure,
    PyMongoError,
)
from pymongo.read_concern import ReadConcern
from pymongo.server_description import ServerDescription
from pymongo.server_type import SERVER_TYPE

from appliance.adapters.cloud.endpoint import is_loopback
from appliance.adapters.cloud.residency import Member, check_members
from appliance.core.errors import Conflict, Refused, Unreachable, WrongConfiguration

_DURABLE = WriteConcern(w="majority", j=True, wtimeout=60_000)
_MAJORITY = ReadConcern("majority")
_ACCESS_CODES = frozenset({13, 18, 8000})  # Unauthorized, AuthenticationFailed, Atlas' own
_DUPLICATE, _INVALID = 11000, 121
_BATCH = 500
_ALL_SEEN_S = 10.0


class MongoRecords:
    """`trusted`: hosts the school has listed as in the EU/EEA that carry no tags."""

    def __init__(
        self,
        uri: str,
        database: str,
        *,
        trusted: tuple[str, ...] = (),
        timeout_s: float = 20.0,
    ) -> None:
        """Raise WrongConfiguration for a URI that is none, or without TLS beyond this machine."""
        _check_uri(uri)
        self._uri = uri
        self._name = database
        self._trusted = trusted
        self._timeout_ms = int(timeout_s * 1000)
        self._client: AsyncMongoClient[dict[str, Any]] | None = None

    async def check_residency(self) -> str:
        """Ask every member before the first write; one that does not answer tells nothing.

        A router (mongos) hides its shards, so it must be listed. An arbiter holds no data.
        """
        client = await self._connected()
        async with explained():
            await client.admin.command("hello")
        # The driver asks the other members in the background and tells nobody when it is done.
        with suppress(TimeoutError):
            async with asyncio.timeout(_ALL_SEEN_S):
                while any(s.server_type == SERVER_TYPE.Unknown for s in _servers(client)):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
        members = [
            Member(
                host=server.address[0],
                loopback=is_loopback(server.address[0]),
                tags=server.tags,
            )
            for server in _servers(client)
            if server.server_type != SERVER_TYPE.RSArbiter
        ]
        return check_members(members, self._trusted)

    async def clock_ms(self) -> int:
        """Unix milliseconds by the server's clock, half the way there and back allowed for."""
        client, started = await self._connected(), time.monotonic()
        async with explained():
            answer = await client.admin.command("hello")
        away = (time.monotonic() - started) / 2
        at: datetime = answer["localTime"]
        return round((at.replace(tzinfo=UTC).timestamp() + away) * 1000)

    async def upsert(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        into = await self._collection(collection)
        for start in range(0, len(documents), _BATCH):
            writes = [
                ReplaceOne(_identity(document), document, upsert=True)
                for document in documents[start : start + _BATCH]
            ]
            async with explained():
                await into.bulk_write(writes, ordered=False)

    async def create(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        """By a login that may only insert: what is there already is read and compared."""
        into = await self._collection(collection)
        for start in range(0, len(documents), _BATCH):
            batch = documents[start : start + _BATCH]
            try:
                async with explained():
                    await _insert(into, batch)
            except _ThereAlready as there:
                for number in there.numbers:
                    await self._same(collection, batch[number])

    async def _same(self, collection: str, document: dict[str, Any]) -> None:
        if document not in await self.find(collection, **_identity(document)):
            raise Conflict("A record of that id with other content is stored already.")

    async def find(
        self, collection: str, *, fields: Sequence[str] = (), **equals: Any
    ) -> Sequence[dict[str, Any]]:
        among = await self._collection(collection)
        async with explained():
            found = among.find(equals, list(fields) or None)
            return [_plain(document) async for document in found]

    async def delete(self, collection: str, **equals: Any) -> int:
        among = await self._collection(collection)
        async with explained():
            return (await among.delete_many(equals)).deleted_count

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _connected(self) -> AsyncMongoClient[dict[str, Any]]:
        if self._client is None:
            # Reads files of the machine to describe itself to the server.
            self._client = await asyncio.to_thread(self._make_client)
        return self._client

    def _make_client(self) -> AsyncMongoClient[dict[str, Any]]:
        try:
            return AsyncMongoClient(
                self._uri,
                serverSelectionTimeoutMS=self._timeout_ms,
                connectTimeoutMS=self._timeout_ms,
                socketTimeoutMS=120_000,
                retryWrites=True,
                # Field names are half of a pack's record; digests and sealed keys stay as long.
                compressors="zlib",
                appname="hallvakt",
            )
        except (ConfigurationError, InvalidURI):
            # The driver's own sentence may quote the URI, and with it the password.
            raise _bad_uri() from None

    async def database(self) -> AsyncDatabase[dict[str, Any]]:
        """For `record_setup`, beside this module."""
        client = await self._connected()
        return client.get_database(self._name, write_concern=_DURABLE, read_concern=_MAJORITY)

    async def _collection(self, name: str) -> AsyncCollection[dict[str, Any]]:
        return (await self.database())[name]


class _ThereAlready(Exception):
    """Which documents of a batch were not inserted because their id is taken."""

    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__()
        self.numbers = numbers


async def _insert(
    into: AsyncCollection[dict[str, Any]], documents: Sequence[dict[str, Any]]
) -> None:
    try:
        await into.insert_many(documents, ordered=False)
    except BulkWriteError as error:
        errors = (error.details or {}).get("writeErrors", [])
        others = [e["code"] for e in errors if e["code"] != _DUPLICATE]
        if others or not errors:
            # Says the code of the fault itself, not the driver's for a batch (65).
            raise OperationFailure("", others[0] if others else error.code) from error
        raise _ThereAlready([e["index"] for e in errors]) from None


def _identity(document: dict[str, Any]) -> dict[str, Any]:
    """With the shard key: a sharded cluster takes an upsert only where it knows the shard."""
    return {key: document[key] for key in ("_id", "box", "exam") if key in document}


def _servers(client: AsyncMongoClient[dict[str, Any]]) -> list[ServerDescription]:
    return list(client.topology_description.server_descriptions().values())


def _plain(value: Any) -> Any:
    """As it was written: the driver reads 64-bit integers as a type of its own."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, Int64) else value


@asynccontextmanager
async def explained() -> AsyncIterator[None]:
    try:
        yield
    except OperationFailure as error:
        if error.code in _ACCESS_CODES:
            raise Refused(
                "The database refuses this login: check the URI file and the user's roles.",
                code="cloud-access",
            ) from None
        if error.code == _INVALID or _codes(error) == {_INVALID}:
            raise WrongConfiguration(
                "The database refuses the form of a record: run `hallvakt sync prepare` of this "
                "version.",
                code="record-schema",
            ) from None
        raise Unreachable(
            f"The database could not do it (code {error.code}): ask who runs it."
        ) from error
    except PyMongoError as error:
        raise Unreachable(
            "The database cannot be reached: check the line; sync goes on later."
        ) from error


def _codes(error: OperationFailure) -> set[int]:
    return {e.get("code", 0) for e in (error.details or {}).get("writeErrors", [])}


def _check_uri(uri: str) -> None:
    parts = urlsplit(uri)
    if parts.scheme not in ("mongodb", "mongodb+srv") or not parts.netloc:
        raise _bad_uri()
    query = {key.lower(): values[-1].lower() for key, values in parse_qs(parts.query).items()}
    tls = query.get("tls", query.get("ssl", "true" if parts.scheme == "mongodb+srv" else "false"))
    unchecked = {"tlsinsecure", "tlsallowinvalidcertificates", "tlsallowinvalidhostnames"}
    hosts = [
        place.rpartition(":")[0] if ":" in place and not place.endswith("]") else place
        for place in parts.netloc.rpartition("@")[2].split(",")
    ]
    if all(is_loopback(host) for host in hosts):
        return
    if tls != "true" or any(query.get(name) == "true" for name in unchecked):
        raise WrongConfiguration(
            "The database URI must ask for tls=true and check certificates: beyond this machine "
            "nothing is sent unprotected."
        )


def _bad_uri() -> WrongConfiguration:
    return WrongConfiguration(
        "The file with the database URI does not hold one: it looks like "
        "mongodb+srv://user:password@host/."
    )
