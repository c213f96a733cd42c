"""What only the store on a mounted directory can do wrong."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest

from appliance.adapters.cloud.directory import DirectoryObjects
from appliance.core.errors import IntegrityFailure

NAME = f"packs/{'5a' * 16}"


def _flips_a_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk or share that keeps one bit otherwise than it was written."""
    link = os.link

    def spoilt(source: Path, target: Path) -> None:
        link(source, target)
        content = target.read_bytes()
        target.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    monkeypatch.setattr(os, "link", spoilt)


async def test_a_flipped_bit_is_noticed_and_the_object_goes_again(tmp_path: Path) -> None:
    content = secrets.token_bytes(100_000)
    store = DirectoryObjects(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        _flips_a_bit(patch)
        with pytest.raises(IntegrityFailure, match="something else than was sent"):
            await store.put(NAME, content)
    assert await store.stat(NAME) is None
    assert (await store.put(NAME, content)).size == len(content)
    assert await store.get(NAME) == content
