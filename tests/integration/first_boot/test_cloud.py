"""`hallvakt sync configure`: box.toml names a cloud only once that cloud has answered. Also the way
this program runs commands: an exit code becomes the error it stands for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import pytest_asyncio

from appliance.config.box import load
from appliance.core.errors import Refused, Unreachable, WrongConfiguration
from tests.support import scripted_mongo
from tui.first_boot.command import hallvakt


@pytest_asyncio.fixture
async def state() -> AsyncIterator[Path]:
    with TemporaryDirectory(prefix="hv-") as directory:
        box = Path(directory) / "box"
        where = ("--state", str(box), "--certificate-name", "localhost")
        await hallvakt("init", "--lead", "ingrid", *where, secrets=("en lång lösenfras",))
        yield box


def _cloud_file(beside: Path, uri: str) -> Path:
    (beside / "records.uri").write_text(uri)
    file = beside / "cloud.toml"
    file.write_text(
        '[cloud]\nobjects = "directory"\ndirectory = "nas"\nrecords_uri_file = "records.uri"\n'
    )
    return file


async def test_a_cloud_is_named_once_it_has_answered(state: Path) -> None:
    before = await asyncio.to_thread((state / "box.toml").read_text)
    asked: list[dict[str, Any]] = []
    async with scripted_mongo.replica_set([{}], asked) as uri:
        file = await asyncio.to_thread(_cloud_file, state.parent, uri)
        configure = ("sync", "configure", str(file), "--state", str(state))
        with pytest.raises(Unreachable, match="nas is not there"):
            await hallvakt(*configure)
        assert await asyncio.to_thread((state / "box.toml").read_text) == before
        nas = state.parent / "nas"
        await asyncio.to_thread(nas.mkdir)
        written = await hallvakt(*configure)
    assert written["objects"] == "directory"
    assert written["read_back_by"] == "writer"
    assert written["probe_removed"]
    left = await asyncio.to_thread(lambda: [p for p in nas.rglob("*") if p.is_file()])
    assert left == []
    config = await asyncio.to_thread(load, state)
    assert config.cloud.directory == state.parent / "nas"
    assert config.cloud.records_uri_file == state.parent / "records.uri"
    assert config.web.names == ("localhost",)  # and the rest is as it was


async def test_a_file_with_more_than_the_cloud_is_refused(state: Path) -> None:
    file = state.parent / "cloud.toml"
    await asyncio.to_thread(file.write_text, '[cloud]\nobjects = "none"\n[web]\nport = 1\n')
    with pytest.raises(WrongConfiguration, match="the key web is not known"):
        await hallvakt("sync", "configure", str(file), "--state", str(state))


async def test_what_a_command_refuses_is_refused_here_in_its_words(state: Path) -> None:
    again = ("init", "--lead", "ingrid", "--state", str(state))
    with pytest.raises(Refused, match=r"^\S+ is not empty: choose an empty directory"):
        await hallvakt(*again, secrets=("en lång lösenfras",))
