"""`hallvakt sync prepare`: the record database, made ready once for all boxes that share it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.core.record_collections import Prepared
from appliance.processes.record_preparation import prepare_records, role_commands
from appliance.processes.trusted_hosts import load_box
from appliance.services.object_policies import gcs_permissions, s3_policies
from appliance.services.record_schema import COLLECTIONS


async def prepare(
    *,
    admin_uri_file: Path | None = None,
    show_roles: bool = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Make the database's collections, schemas, indexes, shard keys and roles. May be run again.

    Parameters
    ----------
    admin_uri_file
        A file with the URI of a login that may do so; the nightly login should not be able to.
    show_roles
        Only print what makes the roles in the database and what each identity may do in the object
        store, for whoever runs them.
    """
    config = (await asyncio.to_thread(load_box, state)).cloud
    if show_roles:
        commands = role_commands(config.records_database)
        objects = _object_rights(config.objects, config.bucket)
        answer(
            {"roles": commands, "objects": objects},
            [*_as_shell(commands), *_as_lines(objects)],
            as_json=json,
        )
        return
    if admin_uri_file is not None:
        config = replace(config, records_uri_file=admin_uri_file)
    done = await prepare_records(config)
    answer(
        {
            "cluster": done.cluster,
            "made": list(done.made),
            "kept": list(done.kept),
            "sharded": list(done.sharded),
            "roles": list(done.roles),
            "roles_refused": done.roles_refused,
            "sharding_refused": done.sharding_refused,
        },
        _lines(done, config.records_database),
        as_json=json,
    )


def _lines(done: Prepared, database: str) -> list[str]:
    lines = [f"The database is a {done.cluster}."]
    if done.made:
        lines.append(f"Made: {', '.join(done.made)}.")
    if done.kept:
        lines.append(f"There already, brought up to date: {', '.join(done.kept)}.")
    if done.sharding_refused:
        lines.append(
            "This login may not shard. All works, on one shard; to spread the boxes have whoever "
            "runs the cluster say in mongosh:"
        )
        lines += [
            f'  sh.shardCollection("{database}.{c.name}", {_as_key(c.shard_key)})'
            for c in COLLECTIONS
            if c.name not in done.sharded
        ]
    elif done.sharded:
        lines.append("Sharded by box and exam, so boxes that sync at once do not meet.")
    else:
        lines.append(
            "Not a sharded cluster: the keys for one are indexes only, which is right. Run this "
            "again after moving to a cluster."
        )
    if done.roles:
        lines.append(f"Roles: {', '.join(done.roles)}. Give each login one of them.")
    if done.roles_refused:
        lines.append(
            "This login may not make roles: have whoever runs the database do it, with what "
            "`hallvakt sync prepare --show-roles` prints."
        )
    return lines


def _as_key(fields: tuple[str, ...]) -> str:
    return f"{{{', '.join(f'{field}: 1' for field in fields)}}}"


def _object_rights(kind: str, bucket: str) -> dict[str, Any]:
    if kind == "s3":
        return s3_policies(bucket)
    return gcs_permissions() if kind == "gcs" else {}


def _as_lines(rights: dict[str, Any]) -> list[str]:
    return [f"{name}: {msgspec.json.encode(may).decode()}" for name, may in rights.items()]


def _as_shell(commands: list[dict[str, Any]]) -> list[str]:
    return [f"db.runCommand({msgspec.json.encode(command).decode()})" for command in commands]
