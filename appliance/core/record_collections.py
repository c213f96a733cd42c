"""What a collection of the cloud's record database is made of, and who may do what in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """Ascending over `fields`. `expire_after_s`: the database itself deletes that long after the
    time in the one field (a date)."""

    fields: tuple[str, ...]
    expire_after_s: int | None = None

    @property
    def name(self) -> str:
        return "_".join(field.replace(".", "-") for field in self.fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """`schema` is a $jsonSchema; `shard_key` the fields that choose a shard in a cluster."""

    name: str
    schema: Mapping[str, Any]
    shard_key: tuple[str, ...]
    indexes: tuple[Index, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseRole:
    """`may` names the actions by collection; what is not here is refused."""

    name: str
    may: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was done. `cluster`: `single server`, `replica set` or `sharded cluster`;
    `roles_refused` and `sharding_refused` when the login may not and somebody else has to."""

    cluster: str
    made: tuple[str, ...]
    kept: tuple[str, ...]
    sharded: tuple[str, ...]
    roles: tuple[str, ...]
    roles_refused: bool = False
    sharding_refused: bool = False
