"""Makes the record database ready: collections, schemas, indexes, shard keys, roles.

Everything here may be run again and by two people at once: what is there is brought to the same
form, nothing is dropped. It needs a login that may do so; the nightly one may not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import CollectionInvalid, OperationFailure

from appliance.adapters.cloud.records import MongoRecords, explained
from appliance.core.errors import WrongConfiguration
from appliance.core.record_collections import Collection, DatabaseRole, Index, Prepared

_EXISTS = frozenset({48})  # NamespaceExists
_ROLE_EXISTS = 51002
_NOT_ALLOWED = frozenset({13, 8000})  # Unauthorized, Atlas' own
_NO_SUCH_COMMAND = 59
_OTHERWISE = frozenset({20, 23})  # IllegalOperation (older servers), AlreadyInitialized

_Database = AsyncDatabase[dict[str, Any]]


class RecordSetup:
    def __init__(self, records: MongoRecords) -> None:
        self._records = records

    async def prepare(
        self, collections: Sequence[Collection], roles: Sequence[DatabaseRole]
    ) -> Prepared:
        """Raise Refused outside the EU/EEA before anything is made, or for a login that may not;
        Unreachable when the server is not there."""
        await self._records.check_residency()
        database = await self._records.database()
        async with explained():
            cluster = _kind(await database.client.admin.command("hello"))
            there = set(await database.list_collection_names())
            for collection in collections:
                await _make(database, collection)
            sharded = []
            if cluster == SHARDED:
                sharded = [c.name for c in collections if await _shard(database, c)]
            made_roles = await _make_roles(database, roles)
        return Prepared(
            cluster=cluster,
            made=tuple(c.name for c in collections if c.name not in there),
            kept=tuple(c.name for c in collections if c.name in there),
            sharded=tuple(sharded),
            sharding_refused=cluster == SHARDED and len(sharded) < len(collections),
            roles=tuple(made_roles),
            roles_refused=len(made_roles) < len(roles),
        )


SINGLE, SET, SHARDED = "single server", "replica set", "sharded cluster"


def _kind(hello: Mapping[str, Any]) -> str:
    if hello.get("msg") == "isdbgrid":
        return SHARDED
    return SET if hello.get("setName") else SINGLE


async def _make(database: _Database, collection: Collection) -> None:
    validator = {"$jsonSchema": dict(collection.schema)}
    try:
        await database.create_collection(collection.name, validator=validator, check_exists=False)
    except CollectionInvalid:
        pass
    except OperationFailure as error:
        if error.code not in _EXISTS:
            raise
    # Also after creating: another `prepare` may have made it, with an older schema.
    await database.command(
        "collMod",
        collection.name,
        validator=validator,
        validationLevel="strict",
        validationAction="error",
    )
    for index in collection.indexes:
        await _index(database, collection.name, index)


async def _index(database: _Database, collection: str, index: Index) -> None:
    options: dict[str, Any] = {"name": index.name}
    if index.expire_after_s is not None:
        options["expireAfterSeconds"] = index.expire_after_s
    await database[collection].create_index([(field, 1) for field in index.fields], **options)


async def _shard(database: _Database, collection: Collection) -> bool:
    """True when the cluster now shards it by its key (a cluster that does already says yes); False
    when this login may not, for everything else works without."""
    admin = database.client.admin
    key = dict.fromkeys(collection.shard_key, 1)
    try:
        try:
            await admin.command("enableSharding", database.name)
        except OperationFailure as error:
            if error.code != _NO_SUCH_COMMAND:  # not needed, and gone, in newer servers
                raise
        await admin.command("shardCollection", f"{database.name}.{collection.name}", key=key)
    except OperationFailure as error:
        if error.code in _NOT_ALLOWED:
            return False
        if error.code in _OTHERWISE:
            raise WrongConfiguration(
                f"The cluster shards {database.name}.{collection.name} by another key than "
                f"{', '.join(collection.shard_key)}: ask who runs it to reshard the collection, or "
                "name another database in cloud.records_database."
            ) from None
        raise
    return True


async def _make_roles(database: _Database, roles: Sequence[DatabaseRole]) -> list[str]:
    """The names of those made or brought up to date; fewer when this login may make none."""
    made = []
    for role in roles:
        privileges = role_privileges(database.name, role)
        try:
            try:
                await database.command("createRole", role.name, privileges=privileges, roles=[])
            except OperationFailure as error:
                if error.code != _ROLE_EXISTS:
                    raise
                await database.command("updateRole", role.name, privileges=privileges, roles=[])
        except OperationFailure as error:
            if error.code not in _NOT_ALLOWED and error.code != _NO_SUCH_COMMAND:
                raise
            continue
        made.append(role.name)
    return made


def role_privileges(database: str, role: DatabaseRole) -> list[dict[str, Any]]:
    """As `createRole` takes them."""
    return [
        {"resource": {"db": database, "collection": collection}, "actions": list(actions)}
        for collection, actions in role.may.items()
    ]
