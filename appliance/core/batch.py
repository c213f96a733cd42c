"""Which sealed objects go to the cloud together, and in which order (DESIGN sections 5 and 8).

A pack holds objects of one attempt and one priority class, at most `PACK_BYTES`, so that
destroying one attempt's key never touches another's pack; on S3 and in a mounted directory it is
filled up to `PACK_BYTES_WHOLE`. The order of the night is the order of `PriorityClass`: records,
flagged footage, portraits, the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.core.errors import TooLarge
from appliance.core.ids import AttemptId, ExamId
from appliance.core.observation import Observation
from appliance.core.settings import SyncScope
from appliance.core.snippet import ObjectKind, PriorityClass, Snippet, StoredObject
from appliance.core.transfer import CHUNK_BYTES

PACK_BYTES = 16 * 1024 * 1024
# Where a pack goes whole: on S3 a larger one is opened and closed by two requests more, and in a
# mounted directory a file that was cut is begun anew.
PACK_BYTES_WHOLE = CHUNK_BYTES
FLAG_MARGIN_MS = 30_000  # footage this long before and after an observation travels with it

ORDER = tuple(PriorityClass)

# Identities stay in the identity store of the box; they are never an object of a pack.
# Names, and what only the box itself compares with: it goes at close.
_NEVER_PACKED = frozenset({ObjectKind.IDENTITY, ObjectKind.DESCRIPTOR})
_WORDS = frozenset({ObjectKind.RECORD, ObjectKind.REMARK})
_FOOTAGE = frozenset({ObjectKind.SNIPPET, ObjectKind.THUMBNAIL})

Flagged = Mapping[AttemptId, Collection[int]]
"""Per attempt the numbers of the snippets near an observation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PackPlan:
    """What one pack will hold, in this order. `size` is the sum of the ciphertexts."""

    exam_id: ExamId
    attempt_id: AttemptId
    priority: PriorityClass
    objects: tuple[StoredObject, ...]
    size: int


def flagged_sequences(
    snippets: Iterable[Snippet], observations: Iterable[Observation]
) -> frozenset[int]:
    """The numbers of one attempt's snippets that overlap an observation ± `FLAG_MARGIN_MS`.

    Ask before close removes the observations' rows, and keep the answer. An observation that
    still holds reaches as far as its duration says.
    """
    spans = [
        (
            o.started_ms - FLAG_MARGIN_MS,
            (o.ended_ms if o.ended_ms is not None else o.started_ms + round(o.duration_s * 1000))
            + FLAG_MARGIN_MS,
        )
        for o in observations
    ]
    return frozenset(
        s.sequence
        for s in snippets
        if any(
            s.started_ms <= end and s.started_ms + round(s.duration_s * 1000) >= start
            for start, end in spans
        )
    )


def priority_of(stored: StoredObject, flagged: Flagged) -> PriorityClass | None:
    """The class of one object; None for what never leaves the box."""
    header = stored.header
    return priority(header.kind, near=header.sequence in flagged.get(header.attempt_id, ()))


def priority(kind: ObjectKind, *, near: bool) -> PriorityClass | None:
    """The same by kind; `near`: whether its number is one of a flagged snippet."""
    if kind in _NEVER_PACKED:
        return None
    if kind is ObjectKind.RECORD:
        return PriorityClass.RECORDS
    if kind in _FOOTAGE:
        return PriorityClass.FLAGGED if near else PriorityClass.REST
    return PriorityClass.PORTRAITS


def in_scope(stored: StoredObject, flagged: Flagged, scope: SyncScope) -> bool:
    """Whether this object goes to the cloud at all."""
    priority = priority_of(stored, flagged)
    return goes(priority, scope, attempt_flagged=bool(flagged.get(stored.header.attempt_id)))


def goes(priority: PriorityClass | None, scope: SyncScope, *, attempt_flagged: bool) -> bool:
    """`flagged` sends records, flagged footage, and the portraits of those with flagged footage: a
    reviewer needs a face to compare with, and nobody else's leaves the school."""
    if priority is None or scope is SyncScope.NONE:
        return False
    if scope is SyncScope.ALL or priority in (PriorityClass.RECORDS, PriorityClass.FLAGGED):
        return True
    return priority is PriorityClass.PORTRAITS and attempt_flagged


def plan(
    objects: Iterable[StoredObject],
    flagged: Flagged,
    scope: SyncScope,
    *,
    pack_bytes: int = PACK_BYTES,
) -> tuple[PackPlan, ...]:
    """Packs in the order they are to be sent. The same objects give the same plan.

    Within a class attempts follow by id and objects by sequence; a pack is closed when the next
    object does not fit into `pack_bytes`. An object over that is a pack by itself; raises TooLarge
    for one over `PACK_BYTES`.
    """
    groups: dict[tuple[PriorityClass, ExamId, AttemptId], list[StoredObject]] = defaultdict(list)
    for stored in objects:
        priority = priority_of(stored, flagged)
        if priority is None or not in_scope(stored, flagged, scope):
            continue
        if stored.size > PACK_BYTES:
            raise TooLarge(
                "A stored object is larger than a pack may be: it cannot be sent.",
                code="object-too-large",
            )
        groups[priority, stored.header.exam_id, stored.header.attempt_id].append(stored)
    packs: list[PackPlan] = []
    for key in sorted(groups, key=lambda k: (ORDER.index(k[0]), k[1], k[2])):
        priority, exam_id, attempt_id = key
        packs.extend(
            PackPlan(
                exam_id=exam_id,
                attempt_id=attempt_id,
                priority=priority,
                objects=part,
                size=sum(o.size for o in part),
            )
            for part in _parts(groups[key], pack_bytes)
        )
    return tuple(packs)


def bytes_by_class(plans: Iterable[PackPlan]) -> dict[PriorityClass, int]:
    """Bytes per class in sending order, zero included, for `sync plan`."""
    sizes = dict.fromkeys(ORDER, 0)
    for pack in plans:
        sizes[pack.priority] += pack.size
    return sizes


def _parts(objects: Sequence[StoredObject], pack_bytes: int) -> list[tuple[StoredObject, ...]]:
    ordered = sorted(objects, key=lambda o: (o.header.sequence, o.header.kind, o.name))
    parts: list[tuple[StoredObject, ...]] = []
    part: list[StoredObject] = []
    size = 0
    for stored in ordered:
        if part and size + stored.size > pack_bytes:
            parts.append(tuple(part))
            part, size = [], 0
        part.append(stored)
        size += stored.size
    if part:
        parts.append(tuple(part))
    return parts
