"""What every blob store promises."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.blobs.memory import MemoryBlobs
from appliance.core.errors import BadInput, Conflict, NotFound
from appliance.core.ids import ObjectName
from appliance.core.ports import BlobStore

A, B = ObjectName("0a" * 16), ObjectName("0b" * 16)


@pytest.fixture(params=["memory", "directory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return MemoryBlobs() if request.param == "memory" else DirectoryBlobs(tmp_path / "blobs")


async def test_what_was_put_is_got(blobs: BlobStore) -> None:
    await blobs.put(A, b"ciphertext")
    await blobs.put(B, b"")
    assert await blobs.get(A) == b"ciphertext"
    assert await blobs.get(B) == b""


async def test_a_name_is_never_overwritten(blobs: BlobStore) -> None:
    await blobs.put(A, b"first")
    with pytest.raises(Conflict):
        await blobs.put(A, b"second")
    assert await blobs.get(A) == b"first"


async def test_of_many_writers_of_one_name_exactly_one_wins(blobs: BlobStore) -> None:
    answers = await asyncio.gather(
        *(blobs.put(A, bytes([n]) * 1000) for n in range(8)), return_exceptions=True
    )
    won = [n for n, answer in enumerate(answers) if answer is None]
    assert len(won) == 1
    assert all(isinstance(answer, Conflict) for answer in answers if answer is not None)
    assert await blobs.get(A) == bytes(won) * 1000


async def test_get_of_nothing_says_not_found(blobs: BlobStore) -> None:
    with pytest.raises(NotFound):
        await blobs.get(A)


async def test_delete_is_idempotent_and_frees_the_name(blobs: BlobStore) -> None:
    await blobs.delete(A)
    await blobs.put(A, b"x")
    await blobs.delete(A)
    await blobs.delete(A)
    with pytest.raises(NotFound):
        await blobs.get(A)
    await blobs.put(A, b"y")
    assert await blobs.get(A) == b"y"


async def test_names_are_those_that_are_there(blobs: BlobStore) -> None:
    assert [name async for name in blobs.names()] == []
    await blobs.put(A, b"x")
    await blobs.put(B, b"y")
    assert {name async for name in blobs.names()} == {A, B}
    await blobs.delete(A)
    assert {name async for name in blobs.names()} == {B}


@pytest.mark.parametrize("name", ["../../etc/passwd", "A" * 32, "", "0a" * 15 + "/x"])
async def test_a_name_that_is_no_id_never_becomes_a_path(blobs: BlobStore, name: str) -> None:
    for act in (blobs.put(ObjectName(name), b""), blobs.get(ObjectName(name))):
        with pytest.raises(BadInput):
            await act


async def test_free_bytes_is_a_number_of_bytes(blobs: BlobStore) -> None:
    assert await blobs.free_bytes() > 0
