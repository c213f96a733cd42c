"""A single server and a replica set's only member, as strict as `strict_mongos` is for a cluster:
each says of itself what it is, and refuses what its manual says such a server refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support.strict_mongos import NO_COMMAND, RefusedError, Router, in_front

KINDS = ("single server", "replica set", "sharded cluster")  # as `sync prepare` says it
NOT_A_MEMBER, BAD_VALUE = 20, 2
_CLUSTERS_ONLY = frozenset({"enableSharding", "shardCollection"})


@dataclass(slots=True)
class Member(Router):
    """Takes retryable writes, knows nothing of shards."""

    def hello(self) -> dict[str, Any]:
        me = urlsplit(self.uri).netloc
        return {
            "setName": "strict",
            "setVersion": 1,
            "secondary": False,
            "hosts": [me],
            "me": me,
            "primary": me,
        }

    def judge(self, command: Mapping[str, Any]) -> bool:
        if next(iter(command)) in _CLUSTERS_ONLY:
            raise RefusedError(NO_COMMAND, "no such command")
        return False


@dataclass(slots=True)
class Alone(Member):
    """Member of nothing: no transaction numbers ("Retryable Writes", Prerequisites), and nobody
    else to acknowledge a write ("Write Concern", w: a number above 1)."""

    def hello(self) -> dict[str, Any]:
        return {}

    def judge(self, command: Mapping[str, Any]) -> bool:
        if "txnNumber" in command:
            raise RefusedError(NOT_A_MEMBER, "transaction numbers are for members and routers")
        w = command.get("writeConcern", {}).get("w", 1)
        if w not in (1, "majority"):
            raise RefusedError(BAD_VALUE, "cannot use 'w' > 1 when a host is not replicated")
        return Member.judge(self, command)


@asynccontextmanager
async def topology(kind: str, records_uri: str) -> AsyncIterator[Router]:
    """One of `KINDS`, in front of the tests' database."""
    port = urlsplit(records_uri).port
    assert port is not None
    made = {"single server": Alone, "replica set": Member, "sharded cluster": Router}[kind]()
    async with in_front(made, port):
        yield made
