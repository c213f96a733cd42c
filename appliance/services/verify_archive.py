"""Reads a cloud copy back and compares it with what the box signed: byte by byte, or a random
sample of it byte by byte and the rest by its size."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from dataclasses import dataclass

from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import AttemptId, ExamId, PackName
from appliance.core.manifest import PackEntry
from appliance.core.ports import ObjectCloud, Randomness
from appliance.services.archive_listing import Listed
from appliance.services.described import described
from appliance.services.placed_rows import Placed
from appliance.services.signing import Encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """`root` is the one that may stand on the paper exam record. `erased_packs` were signed for
    and are gone because their attempt was erased; `unerased_packs` should be gone and are not:
    the erasure is not finished. `read_*` is what was read whole."""

    exam_id: ExamId
    root: bytes
    manifests: int
    packs: int
    objects: int
    bytes: int
    erased_packs: int = 0
    unerased_packs: int = 0
    read_packs: int = 0
    read_bytes: int = 0


def draw(names: Iterable[PackName], count: int, randomness: Randomness) -> frozenset[PackName]:
    """At most `count` of them, anew each time, so that nobody knows which will be read."""
    return frozenset(sorted(names, key=lambda _: randomness.secret(8))[:count])


async def verify_archive(
    objects: ObjectCloud,
    manifests: AsyncIterator[Listed],
    *,
    encode: Encode,
    erased: Collection[AttemptId] = (),
    sample: Collection[PackName] | None = None,
) -> Verified:
    """Every pack and object against the manifests of one exam, in the order they come; raise
    IntegrityFailure at the first that is missing, cut, changed or swapped. One pack and one
    manifest are in memory at a time. Only packs of attempts in `erased` may be missing. With
    `sample` the others are only asked for their size."""
    count: Counter[str] = Counter()
    asked: list[PackEntry] = []
    gone: list[PackName] = []
    last: Listed | None = None
    async for listed in manifests:
        await _check_manifest(objects, listed.name, encode(listed.signed))
        for pack in listed.manifest.packs:
            if pack.attempt_id in erased:
                gone.append(pack.name)
                continue
            placed = listed.in_pack[pack.name]
            count.update(packs=1, objects=len(placed), bytes=pack.size)
            if sample is None or pack.name in sample:
                await check_pack(objects, pack, placed)
                count.update(read_packs=1, read_bytes=pack.size)
            else:
                asked.append(pack)
        count.update(manifests=1)
        last = listed
    if last is None:
        raise NotFound("The cloud copy has no such exam: check the exam's id.")
    await _check_sizes(objects, asked)
    still_there = [name for name in gone if await objects.stat(f"packs/{name}") is not None]
    return Verified(
        exam_id=last.chain.exam_id,
        root=last.chain.root,
        manifests=count["manifests"],
        packs=count["packs"],
        objects=count["objects"],
        bytes=count["bytes"],
        erased_packs=len(gone) - len(still_there),
        unerased_packs=len(still_there),
        read_packs=count["read_packs"],
        read_bytes=count["read_bytes"],
    )


async def _check_sizes(objects: ObjectCloud, packs: Sequence[PackEntry]) -> None:
    there = await described(objects, [f"packs/{pack.name}" for pack in packs], checksums=False)
    for pack in packs:
        remote = there.get(f"packs/{pack.name}")
        if remote is None:
            raise _missing()
        if remote.size != pack.size:
            raise _other_size()


async def check_pack(objects: ObjectCloud, pack: PackEntry, placed: Sequence[Placed]) -> None:
    try:
        content = await objects.get(f"packs/{pack.name}")
    except NotFound:
        raise _missing() from None
    await asyncio.to_thread(_compare, content, pack, placed)


def _compare(content: bytes, pack: PackEntry, placed: Sequence[Placed]) -> None:
    if len(content) != pack.size:
        raise _other_size()
    if hashlib.sha256(content).digest() != pack.sha256:
        raise IntegrityFailure("A pack in the object store was changed.", code="pack-changed")
    for item in placed:
        part = memoryview(content)[item.offset : item.offset + item.entry.size]
        if hashlib.sha256(part).digest() != item.entry.sha256:
            raise IntegrityFailure("An object in a pack was changed.", code="object-changed")


async def _check_manifest(objects: ObjectCloud, name: str, expected: bytes) -> None:
    """The object store's own copy of a manifest is the signed one."""
    try:
        held = await objects.get(f"manifests/{name}")
    except NotFound:
        held = b""
    if held != expected:
        raise IntegrityFailure(
            "A manifest in the object store is missing or was changed.", code="manifest-changed"
        )


def _missing() -> IntegrityFailure:
    return IntegrityFailure("A pack is missing from the object store.", code="pack-missing")


def _other_size() -> IntegrityFailure:
    return IntegrityFailure("A pack in the object store has another size.", code="pack-size")
