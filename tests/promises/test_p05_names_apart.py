"""Promise 5: names lie in one sealed place, and nowhere else.

A small exam with canary names on a real box and a real cloud: set up, watched, closed, sent away
at night. At four moments every byte of the box's directory is searched, and at the end the cloud
too. The lead sees the names meanwhile, so they are there to be found.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from appliance.config.box import CloudConfig
from appliance.core.ids import AttemptId
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from appliance.rehearsal.plaintext_scan import name_marks, scan, scan_bytes
from appliance.services import cloud_documents as documents
from tests.support.box import RealBox, use_workers
from tests.support.box_api import BoxApi, Prepared
from tests.support.clips import portrait, snippet
from tests.support.cloud_servers import cloud, driver_may_look_around

__all__ = ["cloud", "driver_may_look_around"]

NAMES = ("Kanarina Provfågel", "Zebralina Öströmsdotter")
NUMBERS = ("20060229-KNR1", "20060230-KNR2")
ROSTER = (
    "name,number,seat,hall,extra_minutes\n"
    f"{NAMES[0]},{NUMBERS[0]},A1,Aula,0\n{NAMES[1]},{NUMBERS[1]},A2,Aula,0\n"
)
SETTINGS = """
[exam]
title = "Matematik 3c"
duration_minutes = 60
[retention]
days = 30
[basis]
legal_basis = "a basis"
dpia_reference = "1"
[features]
live_view = true
video_snippets = true
face_photo = true
track_misuse_metrics = true
"""
# Whole names, their parts, and the numbers, in every encoding a file may have.
MARKS = name_marks([*NAMES, *NUMBERS, *(part for name in NAMES for part in name.split())])


@dataclass(slots=True)
class Held:
    """An exam in session with two candidates who have been seen."""

    box: RealBox
    lead: BoxApi
    exam: Prepared
    attempts: list[AttemptId] = field(default_factory=list)


@pytest.fixture
def served(cloud: CloudServers) -> Iterator[RealBox]:
    directory = Path(tempfile.mkdtemp(prefix="hvp5-"))
    box = RealBox(directory / "box", free_port(), workers=1)
    try:
        box.make()
        use_workers(box.state, 1)
        cloud.configure(box.state)
        portrait()  # these are made once, outside any event loop
        snippet(seconds=4.0)
        asyncio.run(box.start())
        yield box
    finally:
        asyncio.run(box.stop())
        shutil.rmtree(directory)


@pytest_asyncio.fixture
async def held(served: RealBox) -> AsyncIterator[Held]:
    lead = await served.login()
    exam = await served.new_exam(lead, SETTINGS, ROSTER)
    there = Held(served, lead, exam)
    for seat in ("A1", "A2"):
        page = served.api()
        joined = await page.join(exam.code, exam.seats[seat], PageKey())
        there.attempts.append(joined.json["attempt"])
        notice = await page.ok("GET", "/api/v1/attempts/me/notice")
        answer = {"version": notice["version"], "answer": "acknowledged"}
        await page.ok("POST", "/api/v1/attempts/me/notice", json=answer)
        devices = {"camera": True, "microphone": True}
        await page.ok("POST", "/api/v1/attempts/me/devices", json=devices)
        jpeg = {"Content-Type": "image/jpeg"}
        await page.ok("PUT", "/api/v1/attempts/me/portrait", data=portrait(), headers=jpeg)
        await page.ok("POST", "/api/v1/attempts/me/ready")
        assert (await page.upload(1, snippet(seconds=4.0))).status == 201
        await page.ok("POST", "/api/v1/attempts/me/hand-in", json={"last_sequence": 1})
    yield there
    await served.close_apis()


async def found(box: RealBox) -> list[str]:
    """Where a name lies in the box's whole directory: databases, write-ahead logs, blobs, keys,
    sockets' neighbours, logs."""
    return await asyncio.to_thread(scan, [box.state], MARKS)


async def test_names_are_seen_by_those_who_may_and_found_by_nobody(
    held: Held, cloud: CloudServers
) -> None:
    box, exam = held.box, held.exam.exam
    seen = await held.lead.ok("GET", f"/api/v1/exams/{exam}/attempts/{held.attempts[0]}")
    assert seen["seat"]["name"] == NAMES[0]
    slips = (await held.lead.ok("GET", f"/api/v1/exams/{exam}/slips"))["slips"]
    assert {slip["name"] for slip in slips} <= set(NAMES)
    assert await found(box) == []  # in session

    path = f"/api/v1/exams/{exam}/attempts/{held.attempts[1]}"
    assert (await held.lead.ask("GET", f"{path}/portrait")).status == 200
    await held.lead.ok("POST", f"/api/v1/exams/{exam}/state", json={"to": "closed"})
    assert await found(box) == []  # closed

    async with syncer(box.state) as night:
        report = await night.run(lambda sent, total: None)
        assert report.exams == [exam]
        assert report.packs > 0
        await _check_cloud(night.config.cloud, cloud)
    await box.stop()
    assert await found(box) == []  # switched off, write-ahead logs gone
    assert "gateway ready" in box.log()
    _check_databases(box.state)


async def _check_cloud(config: CloudConfig, cloud: CloudServers) -> None:
    """What the object store keeps on its disk, and every document of the record database (whose
    files are compressed)."""
    assert await asyncio.to_thread(scan, [cloud.objects_directory], MARKS) == []
    async with cloud_ends(config) as ends:
        collections = (documents.EXAMS, documents.ATTEMPTS, documents.PACKS, documents.MANIFESTS)
        for collection in collections:
            rows = list(await ends.records.find(collection))
            assert rows, collection
            for row in rows:
                assert scan_bytes(collection, repr(row).encode(), MARKS) == []
                assert not {"name", "seat", "hall", "title"} & set(row)


def _check_databases(state: Path) -> None:
    """As values, not bytes: no cell of any table holds a name, and the identity database is
    nothing but sealed blobs under the exam's id."""
    cells = 0
    for name in ("box", "audit", "identities"):
        path = str(state / "db" / f"{name}.db")
        with closing(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in list(tables):
                for row in connection.execute(f"SELECT * FROM {table}"):
                    cells += len(row)
                    assert scan_bytes(table, repr(row).encode(), MARKS) == []
    assert cells > 100
    path = str(state / "db" / "identities.db")
    with closing(apsw.Connection(path, flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        (exam, sealed), *more = list(connection.execute("SELECT * FROM identities"))
        assert (len(exam), more) == (32, [])
        assert sealed.startswith(b"HVO1")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16-le"])
def test_the_search_finds_a_name_in_the_middle_of_anything(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    content = bytes(70_000) + NAMES[1].encode(encoding) + bytes(9)
    (tmp_path / "deep" / "er" / "box.db-wal").write_bytes(content)
    assert any("box.db-wal" in place for place in scan([tmp_path], MARKS))
