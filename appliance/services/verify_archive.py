"""Reads a cloud copy back and compares it with what the box signed: byte by byte, or a random
sample of it byte by byte and the rest by its size."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from appliance.core.errors import IntegrityFailure, NotFound
from appliance.core.ids import AttemptId, ExamId
from appliance.core.manifest import PackEntry
from appliance.core.ports import ObjectCloud, Randomness
from appliance.services.archive_listing import Listing, Placed
from appliance.services.described import described
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """At most `packs` of them, drawn anew each time, so that nobody knows which will be read."""

    packs: int
    randomness: Randomness

    def of(self, packs: Sequence[PackEntry]) -> list[PackEntry]:
        return sorted(packs, key=lambda _: self.randomness.secret(8))[: self.packs]


async def verify_archive(
    objects: ObjectCloud,
    listing: Listing,
    *,
    encode: Encode,
    erased: Collection[AttemptId] = (),
    sample: Sample | None = None,
) -> Verified:
    """Every pack and object against the listing; raise IntegrityFailure at the first that is
    missing, cut, changed or swapped. One pack is in memory at a time. Only packs of attempts in
    `erased` may be missing. With `sample` the others are only asked for their size."""
    for name, signed in listing.manifests.items():
        await _check_manifest(objects, name, encode(signed))
    in_pack: dict[str, list[Placed]] = {pack.name: [] for pack in listing.packs}
    for placed in listing.objects.values():
        in_pack[placed.entry.pack].append(placed)
    kept = [pack for pack in listing.packs if pack.attempt_id not in erased]
    read = kept if sample is None else sample.of(kept)
    for pack in read:
        await check_pack(objects, pack, in_pack[pack.name])
    await _check_sizes(objects, [pack for pack in kept if pack not in read])
    gone = [pack for pack in listing.packs if pack.attempt_id in erased]
    still_there = [p for p in gone if await objects.stat(f"packs/{p.name}") is not None]
    return Verified(
        exam_id=listing.exam_id,
        root=listing.chain.root,
        manifests=len(listing.manifests),
        packs=len(kept),
        objects=sum(len(in_pack[pack.name]) for pack in kept),
        bytes=sum(pack.size for pack in kept),
        erased_packs=len(gone) - len(still_there),
        unerased_packs=len(still_there),
        read_packs=len(read),
        read_bytes=sum(pack.size for pack in read),
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
