"""What 10, 1,000 and 10,000 boxes would put into one database and one bucket over a school year.

Real nights of small exams are sent to a real object store and a real MongoDB-wire server, through
`sync prepare`'s schemas and indexes; documents, their BSON bytes, the index entries and every
request are counted, then those of a restore drill and of the deletes at retention's end, and a line
is laid through two sizes of exam. The rest is arithmetic over the
assumptions printed with it: no fleet of that size was run, and what a database takes on disk for an
index depends on its engine (WiredTiger compresses prefixes), so index sizes are given as entries
and as raw key bytes.

    python -m tests.benchmarks.fleet_growth --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import bson
from pymongo import monitoring

from appliance.adapters.host.clock import SystemClock
from appliance.core.batch import PACK_BYTES, PACK_BYTES_WHOLE
from appliance.core.retention import DAY_MS
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.drill import EXAMS, drill
from appliance.processes.fleet import report_health
from appliance.processes.janitor import clean
from appliance.processes.record_preparation import prepare_records
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.manifest_writer import ENTRIES
from appliance.services.paced_records import GROUP_BYTES
from appliance.services.record_schema import COLLECTIONS
from tests.support.closed_exam import STARTED_MS, closed_exam
from tests.support.fake_clock import FakeClock

SIZES = (10, 1_000, 10_000)
_SMALL, _LARGE = 2, 6


@dataclass(frozen=True, slots=True)
class Store:
    """How full a pack is made, and how many requests take one there."""

    name: str
    pack_bytes: int
    requests: int


# A session is begun and filled; on S3 a pack is one create-only request (ARCHITECTURE.md).
STORES = (Store("gcs", PACK_BYTES, 2), Store("s3", PACK_BYTES_WHOLE, 1))
_LISTINGS = 2  # of a thousand packs each: before it is confirmed, and when it is read back
# The rest of a manifest's way: written, described and read; recorded, and asked for twice.
_PACK_ROW_BYTES = 230  # of one object in its pack's document
_MANIFEST_OBJECT_REQUESTS, _MANIFEST_RECORD_REQUESTS = 3, 3


@dataclass(frozen=True, slots=True)
class Assumptions:
    exams_per_box_and_year: int = 60
    candidates: int = 30
    hours: float = 4.0
    snippet_s: float = 10.0
    snippet_bytes: int = 160_000  # 130 kbit/s, measured with the page's own settings
    nights: int = 190  # of a Swedish school year
    window_hours: float = 6.0  # in which a night's exams are sent
    rounds_per_hour: int = (
        4  # of the timer, in every night's window, whether there is an exam or not
    )
    retention_days: int = 30


@dataclass(frozen=True, slots=True)
class Night:
    """Of one box and one exam."""

    attempts: int
    packs: int
    documents: int
    document_bytes: int
    index_entries: int
    index_key_bytes: int
    object_requests: int
    record_requests: int
    idle_object_requests: int
    idle_record_requests: int
    drill_object_requests: int
    drill_record_requests: int
    delete_object_requests: int
    delete_record_requests: int


class _Commands(monitoring.CommandListener):
    """Counts what the driver asks for, beside what it does to keep its connections."""

    def __init__(self) -> None:
        self.count = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.count += event.command_name not in ("hello", "ping", "endSessions")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    assumed = Assumptions()
    small, large = measured()
    rows = [_fleet(boxes, assumed, small, large, store) for store in STORES for boxes in SIZES]
    document = {
        "assumptions": asdict(assumed),
        "measured": [asdict(small), asdict(large)],
        "design": "one MongoDB sharded by {box, exam}; one bucket, random names; one health record "
        "a box and night, which expires",
        "fleets": rows,
    }
    if as_json:
        print(json.dumps(document, indent=2))
        return
    for row in rows:
        print(" ".join(f"{n}={v if isinstance(v, str) else f'{v:,}'}" for n, v in row.items()))


def measured() -> tuple[Night, Night]:
    """A small and a larger exam, each on a box of its own."""
    commands = _Commands()
    monitoring.register(commands)
    requests = _count_requests()
    with tempfile.TemporaryDirectory() as place:
        servers = CloudServers(Path(place) / "cloud")
        servers.start()
        try:
            return (
                asyncio.run(_night(Path(place), servers, _SMALL, commands, requests)),
                asyncio.run(_night(Path(place), servers, _LARGE, commands, requests)),
            )
        finally:
            servers.stop()


def _count_requests() -> list[str]:
    """The object store is all this process speaks HTTP to."""
    asked: list[str] = []
    real = aiohttp.ClientSession._request

    async def counted(self: aiohttp.ClientSession, method: str, *rest: Any, **more: Any) -> Any:
        asked.append(method)
        return await real(self, method, *rest, **more)

    aiohttp.ClientSession._request = counted  # type: ignore[method-assign]
    return asked


async def _night(
    place: Path, servers: CloudServers, attempts: int, commands: _Commands, requests: list[str]
) -> Night:
    config = servers.config(place / f"{attempts}.uri", database=f"exam_{attempts}")
    await prepare_records(config)
    made = await closed_exam(place / f"box {attempts}", config, candidates=attempts, snippets=20)
    commands.count = 0
    requests.clear()
    async with syncer(made.state, signer=made.signer) as night:
        report = await night.run(lambda sent, total: None)
        await report_health(night)
        object_requests, record_requests = _counted(requests, commands)
        assert (await night.run(lambda sent, total: None)).packs == 0  # where the cloud lies, again
        idle = _counted(requests, commands)
        done = await drill(night, SystemClock().now_ms())
        assert done.ok, done.detail
        drilled = _counted(requests, commands)
    documents = size = entries = keys = 0
    async with cloud_ends(config) as ends:
        for collection in COLLECTIONS:
            found = await ends.records.find(collection.name)
            documents += len(found)
            size += sum(len(bson.encode(d)) for d in found)
            fields = [("_id",), *(index.fields for index in collection.indexes)]
            entries += len(found) * len(fields)
            keys += sum(_key_bytes(d, key) for d in found for key in fields)
    requests.clear()
    commands.count = 0
    late = FakeClock()
    late.set_wall_clock(STARTED_MS + 40 * DAY_MS)
    ended = await clean(made.state, clock=late, signer=made.signer)
    assert ended.exams_ended == [made.exam_id]
    deleted = _counted(requests, commands)
    return Night(
        attempts=attempts,
        packs=report.packs,
        documents=documents,
        document_bytes=size,
        index_entries=entries,
        index_key_bytes=keys,
        object_requests=object_requests,
        record_requests=record_requests,
        idle_object_requests=idle[0],
        idle_record_requests=idle[1],
        drill_object_requests=drilled[0],
        drill_record_requests=drilled[1],
        delete_object_requests=deleted[0],
        delete_record_requests=deleted[1],
    )


def _counted(requests: list[str], commands: _Commands) -> tuple[int, int]:
    """Of objects and of records, since the last time."""
    counted = len(requests), commands.count
    requests.clear()
    commands.count = 0
    return counted


def _key_bytes(document: dict[str, Any], fields: tuple[str, ...]) -> int:
    """As an index would hold it before any compression: the values, and 8 bytes of record id."""
    values: dict[str, Any] = {}
    for field in fields:
        value: Any = document
        for part in field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        values[field] = value
    return sum(len(bson.encode({"": value})) - 7 for value in values.values()) + 8


def _fleet(
    boxes: int, assumed: Assumptions, small: Night, large: Night, store: Store
) -> dict[str, float | str]:
    """A line through both nights gives what one attempt costs and what an exam costs by itself;
    packs beyond an attempt's first of each class, and manifests beyond an exam's first, cost what
    one of them costs."""
    exams = boxes * assumed.exams_per_box_and_year
    attempts = exams * assumed.candidates
    snippets = assumed.hours * 3600 / assumed.snippet_s
    more_packs = math.ceil(snippets * assumed.snippet_bytes / store.pack_bytes) - 1
    in_exam = assumed.candidates * _objects(snippets)
    more_manifests = exams * (math.ceil(in_exam / ENTRIES) - 1)

    def line(name: str) -> float:
        """Over a year."""
        low, high = float(getattr(small, name)), float(getattr(large, name))
        slope = (high - low) / (large.attempts - small.attempts)
        return exams * (low - slope * small.attempts) + attempts * slope

    packs = round(line("packs") + attempts * more_packs)
    documents = round(line("documents") + attempts * more_packs + more_manifests)
    # In its manifest an object takes some 190 bytes more.
    per_object = (large.document_bytes - small.document_bytes) / (
        (large.attempts - small.attempts) * _objects(20)
    )
    record_bytes = round(
        line("document_bytes") + attempts * (_objects(snippets) - _objects(20)) * per_object
    )
    per_pack_entries = (large.index_entries - small.index_entries) / (large.packs - small.packs)
    per_pack_keys = (large.index_key_bytes - small.index_key_bytes) / (large.packs - small.packs)
    # The sample read back does not grow with the exam.
    object_requests = round(
        line("object_requests")
        + attempts * more_packs * (store.requests + _LISTINGS / 1000)
        + more_manifests * _MANIFEST_OBJECT_REQUESTS
    )
    more_groups = attempts * (math.ceil(_objects(snippets) * _PACK_ROW_BYTES / GROUP_BYTES) - 1)
    record_requests = round(
        line("record_requests") + more_manifests * _MANIFEST_RECORD_REQUESTS + more_groups
    )
    # Each pack and each manifest goes by a request of its own; records by exam or attempt.
    delete_objects = round(line("delete_object_requests") + attempts * more_packs + more_manifests)
    delete_records = round(line("delete_record_requests"))
    # A box drills each night, all year, over at most three exams, of which two packs are read.
    drills = boxes * 365
    drill_objects = round(drills * EXAMS * large.drill_object_requests)
    per_exam = large.drill_record_requests + more_manifests / exams  # each manifest is asked for
    drill_records = round(drills * EXAMS * per_exam)
    # Each round of the timer asks where the cloud lies and for tombstones, with or without an exam.
    rounds_per_s = boxes * assumed.rounds_per_hour / 3600
    nightly_s = 365 * assumed.window_hours * 3600
    share_kept = assumed.retention_days / 365
    busy_s = assumed.nights * assumed.window_hours * 3600
    return {
        "store": store.name,
        "boxes": boxes,
        "exams": exams,
        "attempts": attempts,
        "packs": packs,
        "documents": documents,
        "documents_kept": round(documents * share_kept),
        "record_bytes_kept": round(record_bytes * share_kept),
        "index_entries_kept": round((line("index_entries") + attempts * more_packs
                                     * per_pack_entries) * share_kept),
        "index_key_bytes_kept": round((line("index_key_bytes") + attempts * more_packs
                                       * per_pack_keys) * share_kept),
        "object_bytes_kept": round(attempts * snippets * assumed.snippet_bytes * share_kept),
        "object_requests": object_requests,
        "record_requests": record_requests,
        "object_requests_per_s": round(object_requests / busy_s, 2),
        "record_requests_per_s": round(record_requests / busy_s, 2),
        "idle_object_requests_per_s": round(rounds_per_s * large.idle_object_requests, 2),
        "idle_record_requests_per_s": round(rounds_per_s * large.idle_record_requests, 2),
        "drill_object_requests_per_s": round(drill_objects / nightly_s, 2),
        "drill_record_requests_per_s": round(drill_records / nightly_s, 2),
        "delete_object_requests_per_s": round(delete_objects / nightly_s, 2),
        "delete_record_requests_per_s": round(delete_records / nightly_s, 2),
    }  # fmt: skip


def _objects(snippets: float) -> float:
    """Of one attempt: each snippet with its still, the photo and the record."""
    return 2 * snippets + 2


if __name__ == "__main__":
    main()
