"""What an object store says of many objects, in few requests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from appliance.core.errors import Refused
from appliance.core.ports import ObjectCloud, RemoteObject

# Packs of one exam share the beginning of their names (`services.batching`), so that one listing
# tells of a thousand of them.
SHARED = 12
_WORTH_LISTING = 3


async def described(
    objects: ObjectCloud, names: Iterable[str], *, checksums: bool = True
) -> dict[str, RemoteObject]:
    """By name, what is there of `names`; a missing one is left out. Without `checksums` the size is
    enough, and a listing that names none is not followed up object by object."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        folder, _, rest = name.partition("/")
        groups[f"{folder}/{rest[:SHARED]}"].append(name)
    found: dict[str, RemoteObject] = {}
    for prefix, group in groups.items():
        listed = await _listed(objects, prefix) if len(group) >= _WORTH_LISTING else {}
        for name in group:
            remote = listed.get(name)
            if remote is None or (checksums and not remote.crc32c):
                remote = await objects.stat(name)
            if remote is not None:
                found[name] = remote
    return found


async def _listed(objects: ObjectCloud, prefix: str) -> Mapping[str, RemoteObject]:
    """An identity that may read need not be one that may list: it asks one by one."""
    try:
        return await objects.list(prefix)
    except Refused:
        return {}
