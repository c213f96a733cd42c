"""No store's word for a pack is taken that is not the box's own."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appliance.adapters.cloud.memory import MemoryObjects
from appliance.adapters.cloud.names import crc32c
from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, ExamId, PackName
from appliance.core.pack_journal import PackHead, PackState
from appliance.core.ports import Content, RemoteObject
from appliance.core.snippet import PriorityClass
from appliance.services.uploading import Uploading

PACK = b"ciphertext"
HEAD = PackHead(
    number=1,
    name=PackName("5a" * 16),
    exam_id=ExamId("0e" * 16),
    attempt_id=AttemptId("0a" * 16),
    priority=PriorityClass.REST,
    size=len(PACK),
    objects=1,
    state=PackState.PLANNED,
    crc32c=None,
    manifest=None,
)


class _Box:
    """Journal and batching of one pack."""

    def __init__(self) -> None:
        self.journalled: dict[str, str] = {}

    async def pack(self, name: PackName) -> PackName:
        return name

    async def assemble(self, pack: object) -> bytes:
        return PACK

    async def uploaded(self, name: PackName, *, sha256: str, crc32c: str) -> None:
        self.journalled[name] = crc32c


class _Spoils(MemoryObjects):
    """Keeps something else, and says so itself."""

    def __init__(self, other: bytes) -> None:
        super().__init__()
        self._other = other

    async def put(self, name: str, content: Content) -> RemoteObject:
        return await super().put(name, self._other)


def _uploading(box: _Box, objects: MemoryObjects, told: list[PackHead]) -> Uploading:
    async def complete(exam: ExamId) -> None: ...

    stands_in = cast("Any", box)
    return Uploading(
        stands_in, stands_in, objects, crc32c=crc32c, uploaded=told.append, complete=complete
    )


@pytest.mark.parametrize("other", [b"ciphertexu", b"ciphertex", b""])
async def test_a_store_with_something_else_leaves_the_pack_planned(other: bytes) -> None:
    box, told = _Box(), list[PackHead]()
    with pytest.raises(IntegrityFailure, match="something else than was sent"):
        await _uploading(box, _Spoils(other), told).send([HEAD])
    assert (box.journalled, told) == ({}, [])


async def test_the_box_s_own_checksum_is_journalled() -> None:
    box, told = _Box(), list[PackHead]()
    await _uploading(box, MemoryObjects(), told).send([HEAD])
    assert box.journalled == {HEAD.name: crc32c(PACK)}
    assert told == [HEAD]
