"""`sync prepare`, composed: the database adapter and the collections the product needs."""

from __future__ import annotations

import asyncio
from typing import Any

from appliance.adapters.cloud.record_setup import RecordSetup, role_privileges
from appliance.adapters.cloud.records import MongoRecords
from appliance.config.box import CloudConfig
from appliance.core.record_collections import Prepared
from appliance.processes.cloud_ends import records_uri
from appliance.services.record_schema import COLLECTIONS, ROLES


async def prepare_records(config: CloudConfig) -> Prepared:
    """Raise WrongConfiguration, Refused or Unreachable; safe to call again and at once."""
    uri = await asyncio.to_thread(records_uri, config.records_uri_file)
    records = MongoRecords(uri, config.records_database, trusted=config.trusted_locations)
    try:
        return await RecordSetup(records).prepare(COLLECTIONS, ROLES)
    finally:
        await records.close()


def role_commands(database: str) -> list[dict[str, Any]]:
    """What makes the roles, for a database whose administrator is somebody else."""
    return [
        {"createRole": role.name, "privileges": role_privileges(database, role), "roles": []}
        for role in ROLES
    ]
