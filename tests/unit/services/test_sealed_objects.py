"""Blob and row: which of them may stay alone when something fails in between."""

from __future__ import annotations

from typing import Any, cast

import pytest

from appliance.adapters.blobs.memory import MemoryBlobs
from appliance.core.errors import Conflict, HallvaktError, NoRoom, Unreachable
from appliance.core.ids import ObjectName
from appliance.services.sealed_objects import Sealed, SealedObjects
from tests.contract.store.samples import snippet


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (Conflict("there is one"), False),
        (NoRoom("full"), False),  # SQLite has taken it back
        (Unreachable("the disk failed"), True),  # nobody knows whether the row is there
    ],
)
async def test_a_blob_goes_only_when_its_row_is_surely_not_there(
    error: HallvaktError, stays: bool
) -> None:
    blobs, none = MemoryBlobs(), cast(Any, None)
    objects = SealedObjects(
        keys=none, sealing=none, blobs=blobs, snippets=none, clock=none, randomness=none,
        box_id=none,
    )  # fmt: skip

    async def refuse() -> None:
        raise error

    stored = snippet(1).stored
    with pytest.raises(type(error)):
        await objects.keep(Sealed(stored=stored, content=b"x"), refuse)
    assert [name async for name in blobs.names()] == ([ObjectName(stored.name)] if stays else [])
