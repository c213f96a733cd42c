"""Blanking, by the process that does it, locked away as it is for an export."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import numpy as np
import pytest

from appliance.core.errors import BadMedia
from appliance.processes.blanker import Blanker, blanking
from appliance.rehearsal.scenes import SceneKind
from tests.support.blanked import loudness, pictures
from tests.support.clips import snippet
from tests.support.tiny_webm import tiny_webm

SPANS = ((2.0, 4.0), (3.5, 5.0))


def shown(at_s: float) -> bool | None:
    """None at an edge: the container rounds times, and begins with the sound's first packet."""
    if any(abs(at_s - edge) < 0.02 for edge in (2.0, 5.0)):
        return None
    return not 2.0 < at_s < 5.0


async def test_the_spans_are_black_and_silent_and_the_rest_is_as_it_was() -> None:
    source = await asyncio.to_thread(
        snippet, "president", SceneKind.CONVERSATION, seconds=8.0, sound=True
    )
    async with blanking() as blanker:
        made = await blanker.blank(source, SPANS)
    before, after = pictures(source), pictures(made)
    assert len(after) == len(before)
    likeness = []
    for (at, old), (now, new) in zip(before, after, strict=True):
        assert abs(at - now) < 0.05
        assert new.shape == old.shape
        if shown(at):
            likeness.append(float(np.abs(old.astype(int) - new.astype(int)).mean()))
        elif shown(at) is False:
            assert new.max() == 0, at
    assert len(likeness) < len(before) - 20
    assert max(likeness) < 8  # of 255: another encoder's rounding
    sound, was = loudness(made), loudness(source)
    # A step away from the edges: Opus' frames overlap by some milliseconds.
    inside = [level for at, level in sound if 2.1 <= at < 4.9]
    assert max(inside) <= 2
    assert max(level for at, level in was if 2.1 <= at < 4.9) > 1_000  # there was something
    assert max(level for at, level in sound if at < 1.9) > 1_000
    assert max(level for at, level in sound if at > 5.1) > 1_000


async def test_without_sound_and_as_a_whole() -> None:
    async with blanking() as blanker:
        made = await blanker.blank(tiny_webm(1), ((0.0, 3600.0),))
        assert {int(picture.max()) for _, picture in pictures(made)} == {0}
        again = await blanker.blank(tiny_webm(2), ())
        assert min(int(picture.max()) for _, picture in pictures(again)) > 100


@pytest.mark.parametrize(
    "media", [b"", b"not a video" * 50, tiny_webm(1)[:300]], ids=["nothing", "other", "cut"]
)
async def test_what_is_no_video_is_told_and_the_next_one_works(media: bytes) -> None:
    async with blanking() as blanker:
        with pytest.raises(BadMedia):
            await blanker.blank(media, SPANS)
        assert pictures(await blanker.blank(tiny_webm(1), SPANS))


async def test_a_cell_that_dies_on_a_video_is_replaced() -> None:
    async with blanking() as blanker:
        await blanker.blank(tiny_webm(1), SPANS)
        os.kill(_cell(blanker), signal.SIGKILL)
        with pytest.raises(BadMedia, match="ended on it"):
            await blanker.blank(tiny_webm(1), SPANS)
        assert pictures(await blanker.blank(tiny_webm(1), SPANS))


async def test_the_cell_is_locked_away() -> None:
    """No privileges to gain, a filter on its system calls, not one byte into any file."""
    async with blanking() as blanker:
        await blanker.blank(tiny_webm(1), SPANS)
        proc = Path(f"/proc/{_cell(blanker)}")
        status = await asyncio.to_thread((proc / "status").read_text)
        limits = await asyncio.to_thread((proc / "limits").read_text)
        assert "NoNewPrivs:\t1" in status
        assert "Seccomp:\t2" in status
        assert "CapEff:\t0000000000000000" in status
        size = next(line for line in limits.splitlines() if line.startswith("Max file size"))
        assert size.split()[3] == "0"
    assert not await asyncio.to_thread(proc.exists)


def _cell(blanker: Blanker) -> int:
    assert blanker._process is not None
    return blanker._process.pid
