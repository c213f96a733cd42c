"""What only the store on a mounted directory can do wrong."""

from __future__ import annotations

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from appliance.adapters.cloud.directory import DirectoryObjects
from appliance.adapters.cloud.partial_file import partial_path
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, Refused
from appliance.core.night_window import Window
from appliance.core.token_bucket import wire_bytes
from appliance.core.transfer import MemoryUploads, UnfinishedUpload
from appliance.processes.cloud_ends import cloud_ends
from appliance.services.paced_line import Closed, PacedLine
from tests.support.fake_clock import FakeClock

NAME, OTHER = f"packs/{'5a' * 16}", f"packs/{'5b' * 16}"
EVENING_MS = round(datetime(2026, 11, 25, 22, tzinfo=UTC).timestamp() * 1000)
DAY_S = 24 * 3600


@dataclass(slots=True)
class Night:
    """A line by a clock that the cap moves; `pause_after` so many bytes a person pauses it."""

    pause_after: float = float("inf")
    sent: list[int] = field(default_factory=list)
    clock: FakeClock = field(default_factory=lambda: FakeClock(EVENING_MS))

    def line(self, *windows: Window) -> PacedLine:
        async def paused() -> bool:
            return sum(self.sent) >= self.pause_after

        async def sleep(seconds: float) -> None:
            self.clock.advance(seconds)

        return PacedLine(
            windows, self.clock, paused=paused, zone=UTC, on_sent=self.sent.append, sleep=sleep
        )


def _files(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if path.is_file())


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


async def test_it_is_written_no_faster_than_the_cap(tmp_path: Path) -> None:
    night, content = Night(), bytes(6_000_000)
    line = night.line(Window(opens="22:00", closes="06:00", cap_mbit_s=4.0))
    began_s = night.clock.monotonic()
    await DirectoryObjects(tmp_path, line=line).put(NAME, content)
    took_s = night.clock.monotonic() - began_s
    assert sum(night.sent) == len(content)
    assert max(night.sent) <= 64 * 1024
    assert 0.95 * 4e6 <= 8 * wire_bytes(len(content)) / took_s <= 1.05 * 4e6


@pytest.mark.parametrize("why", [Closed.PAUSED, Closed.WINDOW])
async def test_a_pause_and_the_window_s_end_stop_it_in_its_middle(
    tmp_path: Path, why: Closed
) -> None:
    night = Night(pause_after=2_000_000 if why is Closed.PAUSED else float("inf"))
    closes = "22:01" if why is Closed.WINDOW else "06:00"
    store = DirectoryObjects(
        tmp_path, line=night.line(Window(opens="22:00", closes=closes, cap_mbit_s=0.5))
    )
    with pytest.raises(Refused) as refused:
        await store.put(NAME, bytes(8_000_000))
    assert refused.value.code == why
    assert 1_900_000 < sum(night.sent) < 4_500_000
    assert _files(tmp_path) == []
    with pytest.raises(Refused):  # nor is the next one begun
        await store.put(OTHER, b"x")
    assert _files(tmp_path) == []


async def test_what_is_there_does_not_go_again(tmp_path: Path) -> None:
    """A kill between the last byte and the box's journal."""
    night, content = Night(), secrets.token_bytes(200_000)
    store = DirectoryObjects(tmp_path, line=night.line())
    stored = await store.put(NAME, content)
    assert await store.put(NAME, content) == stored
    assert sum(night.sent) == len(content)


async def test_given_up_it_leaves_nothing(tmp_path: Path) -> None:
    stands_still = asyncio.Event()

    async def forever(seconds: float) -> None:
        stands_still.set()
        await asyncio.Event().wait()

    async def never() -> bool:
        return False

    window = Window(opens="22:00", closes="06:00", cap_mbit_s=0.5)
    line = PacedLine((window,), FakeClock(EVENING_MS), paused=never, zone=UTC, sleep=forever)
    put = asyncio.ensure_future(DirectoryObjects(tmp_path, line=line).put(NAME, bytes(8_000_000)))
    await stands_still.wait()
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    assert _files(tmp_path) == []


@pytest.mark.parametrize("end", ["deleted", "put again"])
async def test_what_a_kill_left_goes_with_the_object(tmp_path: Path, end: str) -> None:
    uploads = MemoryUploads()
    await uploads.remember(UnfinishedUpload(name=NAME, size=5, token="ab" * 8))
    store = DirectoryObjects(tmp_path, uploads=uploads)
    await store.put(OTHER, b"other")
    partial_path(tmp_path / NAME, "ab" * 8).write_bytes(b"wh")
    if end == "deleted":
        await store.delete(NAME)
        assert _files(tmp_path) == ["5b" * 16]
    else:
        await store.put(NAME, b"whole")
        assert _files(tmp_path) == ["5a" * 16, "5b" * 16]
    assert await uploads.find(NAME) is None


async def test_what_another_store_called_an_upload_is_forgotten(tmp_path: Path) -> None:
    uploads = MemoryUploads()
    token = "https://127.0.0.1/upload/session?upload_id=1"
    await uploads.remember(UnfinishedUpload(name=NAME, size=5, token=token))
    await DirectoryObjects(tmp_path, uploads=uploads).put(NAME, b"whole")
    assert await uploads.find(NAME) is None


async def test_only_old_partial_files_are_swept(tmp_path: Path) -> None:
    """Two boxes share the directory: what is fresh may be the other one's, at work."""
    archive, uri = tmp_path / "archive", tmp_path / "uri"
    archive.mkdir()
    uri.write_text("mongodb://127.0.0.1:1")
    await DirectoryObjects(archive).put(NAME, b"whole")
    fresh, old = (partial_path(archive / OTHER, token * 8) for token in ("ab", "cd"))
    not_ours = archive / "packs" / ".snapshot"
    for path in (fresh, old, not_ours):
        path.write_bytes(b"wh")
    for path in (old, not_ours, archive / NAME):
        then_s = path.stat().st_mtime - DAY_S - 60
        os.utime(path, (then_s, then_s))
    config = CloudConfig(objects="directory", directory=archive, records_uri_file=uri)
    async with cloud_ends(config):  # who only reads sweeps nothing
        assert old.exists()
    async with cloud_ends(config, uploads=MemoryUploads()):
        assert _files(archive) == sorted([fresh.name, not_ours.name, "5a" * 16])
