"""The uplink is cut at every kind of call of a night: before the request arrives, or after it was
answered and before the answer is back. Nothing is killed here; the process learns that the line is
down, and so is each later call of that run.

A kind is an end, a method and a folder (`objects put packs`). Each run loses the line at the first
kind at which none was cut before; so the cut wanders through residency, records, packs, manifests,
reading back and the last acknowledgement, until a run gets through. A call of its kind is cut once,
at its first; within the bytes of an upload, tests/integration/night/test_cuts.py cuts and kills.
Real object server and database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.store.packs import Packs
from appliance.config.box import CloudConfig
from appliance.core.errors import Unreachable
from appliance.core.exam import ExamState
from appliance.core.pack_journal import PackState
from appliance.processes import cloud_ends as real
from appliance.processes.cloud_ends import CloudEnds
from appliance.processes.syncer import syncer
from tests.integration.night.conftest import cloud, cloud_config, database, driver_may_look_around
from tests.support.closed_exam import closed_exam, exam_of
from tests.support.invariants import Kept, check, close_records

__all__ = ["cloud", "cloud_config", "database", "driver_may_look_around"]


@dataclass(slots=True)
class Cutter:
    """`cut`: kinds of calls that did not get through, or whose answer did not."""

    answer_lost: bool
    down: bool = False
    cut: set[str] = field(default_factory=set)

    async def call(self, what: str, work: Callable[[], Awaitable[Any]]) -> Any:
        if self.down:
            raise Unreachable("The line is down.")
        if what in self.cut:
            return await work()
        self.down = True
        self.cut.add(what)
        if self.answer_lost:
            await work()
        raise Unreachable("The line was cut.")


class _Cut:
    """Any of the two ends, with the line in between."""

    def __init__(self, end: Any, name: str, cutter: Cutter) -> None:
        self._end, self._name, self._cutter = end, name, cutter

    def __getattr__(self, method: str) -> Any:
        asked = getattr(self._end, method)
        if method == "close":
            return asked

        async def call(*arguments: Any, **named: Any) -> Any:
            where = str(arguments[0]).split("/", 1)[0] if arguments else ""
            what = f"{self._name} {method} {where}".strip()
            return await self._cutter.call(what, lambda: asked(*arguments, **named))

        return call


@pytest.mark.parametrize("answer_lost", [False, True], ids=["request", "answer"])
async def test_the_line_is_cut_at_every_call_of_a_night(
    answer_lost: bool, tmp_path: Path, cloud_config: CloudConfig
) -> None:
    state = tmp_path / "box"
    made = await closed_exam(state, cloud_config, candidates=1, snippets=2)
    cutter = Cutter(answer_lost)

    @asynccontextmanager
    async def ends(config: CloudConfig, **named: Any) -> AsyncIterator[CloudEnds]:
        async with real.cloud_ends(config, **named) as both:
            objects: Any = _Cut(both.objects, "objects", cutter)
            records: Any = _Cut(both.records, "records", cutter)
            yield replace(both, objects=objects, records=records)

    kept = Kept()
    for number in range(100):
        cutter.down = False
        async with syncer(state, signer=made.signer, reach=ends) as night:
            try:
                await night.run(lambda sent, total: None)
                break
            except Unreachable:
                pass
        if number % 5 == 0:
            await check(state, kept, settled=False, reviewer=made.reviewer)
    cutter.down = False
    assert {
        "records check_residency", "objects location", "objects put packs",
        "objects put manifests", "objects get packs",
    } <= cutter.cut  # fmt: skip
    assert any(one.startswith("records upsert") for one in cutter.cut)
    async with syncer(state, signer=made.signer) as night:
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
        packs = await Packs(night.stores.box).packs(made.exam_id)
        assert all(pack.state is PackState.CONFIRMED for pack in packs)
        assert await close_records(night.stores, made.exam_id) == 1
        held = await _held(cloud_config, packs[0].name)
    assert held == {f"packs/{pack.name}" for pack in packs}  # nothing is there twice
    assert (await exam_of(state, made.exam_id)).state is ExamState.ARCHIVED
    await check(state, kept, settled=False, reviewer=made.reviewer)


async def _held(config: CloudConfig, one: str) -> set[str]:
    """Packs of the exam of `one`: they share the first 12 digits."""
    async with real.cloud_ends(config) as both:
        return set(await both.objects.list(f"packs/{one[:12]}"))
