"""Proves once, by doing it, that a box may write to its cloud and that what it wrote is read back.

That a store answers and lies in the right country says nothing of rights: a login that may not
create, or a verifier that may not read, would otherwise be found out by the first night.
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.core.errors import HallvaktError, IntegrityFailure, Refused
from appliance.core.ports import ObjectCloud, Randomness

_BYTES = 1024
# Below a prefix that the three identities' policies name (`object_policies.py`), and random, as a
# pack's name is. No manifest names it, so no reader looks at one that stayed.
_PREFIX = "packs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudProbe:
    """`removed`: whether the probe could be taken away again; otherwise one kilobyte stays."""

    name: str
    removed: bool


async def write_and_read_back(
    randomness: Randomness, *, writer: ObjectCloud, reader: ObjectCloud, eraser: ObjectCloud | None
) -> CloudProbe:
    """Write random bytes with the one identity and read them with the other.

    Raises Refused when either may not, IntegrityFailure when something else comes back, and
    Unreachable.
    """
    name, content = _PREFIX + randomness.new_id(), randomness.secret(_BYTES)
    try:
        await writer.put(name, content)
    except Refused as error:
        raise Refused(f"The box's login may not write to the cloud: {error.message}") from error
    try:
        came_back = await reader.get(name)
    except HallvaktError as error:
        raise Refused(
            f"What was written cannot be read back by the login that proves it: {error.message}"
        ) from error
    if came_back != content:
        raise IntegrityFailure("The cloud gave back something else than what was written to it.")
    return CloudProbe(name=name, removed=eraser is not None and await _removed(eraser, name))


async def _removed(eraser: ObjectCloud, name: str) -> bool:
    try:
        await eraser.delete(name)
    except HallvaktError:
        return False  # who erases may be another's affair; the night does not need it
    return True
