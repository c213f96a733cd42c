"""Promise 9: no record, no view; the head on paper finds what was changed, removed or cut.

Tampering with every part of a log is `tests/unit/cli/test_audit.py`, run here too. This module is
a real box: each look leaves its line before it happens, the head told at close is the log's, and
the night's manifest signs it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from subprocess import PIPE

import apsw
import pytest
import pytest_asyncio

from appliance.adapters.crypto.deterministic import decode
from appliance.adapters.crypto.head_words import head_words
from appliance.adapters.store.reading import read_audit
from appliance.core.audit import AuditEntry
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services import cloud_documents as documents
from tests.promises.test_p05_names_apart import MARKS, Held, held, served
from tests.support.box import ROOT, clean_environment
from tests.support.cloud_servers import cloud, driver_may_look_around
from tests.unit.cli.test_audit import (
    state,
    test_a_cut_tail_is_found_against_the_paper,
    test_a_log_written_anew_with_a_good_chain_is_found_against_the_paper,
    test_every_tampering_is_found_at_its_first_entry,
)

__all__ = [
    "cloud", "driver_may_look_around", "held", "served", "state",
    "test_a_cut_tail_is_found_against_the_paper",
    "test_a_log_written_anew_with_a_good_chain_is_found_against_the_paper",
    "test_every_tampering_is_found_at_its_first_entry",
]  # fmt: skip


async def log_of(held: Held) -> list[AuditEntry]:
    return list(await asyncio.to_thread(read_audit, held.box.state))


async def hallvakt(*words: str) -> tuple[int, str, str]:
    """The command in a process of its own, as a person calls it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "appliance.cli.main", *words),
        cwd=ROOT, env=clean_environment(), stdout=PIPE, stderr=PIPE,
    )  # fmt: skip
    out, said = await process.communicate()
    return process.returncode or 0, out.decode(), said.decode()


async def test_every_look_leaves_its_line_first_and_the_head_holds(
    held: Held, cloud: CloudServers
) -> None:
    exam, attempt = held.exam.exam, held.attempts[0]
    base = f"/api/v1/exams/{exam}/attempts/{attempt}"
    for path, action in (
        ("/portrait", "portrait_see"),
        ("/snippets/1/film-strip", "snippet_open"),
    ):
        before = len(await log_of(held))
        assert (await held.lead.ask("GET", base + path)).status == 200
        (line,) = (await log_of(held))[before:]
        assert (line.action, line.about) == (action, attempt)

    report = await held.lead.ok("POST", f"/api/v1/exams/{exam}/state", json={"to": "closed"})
    entries = await log_of(held)
    assert entries[-1].action == "close-report"
    assert report["audit_head"] == entries[-1].hash.hex()
    assert report["audit_words"] == head_words(entries[-1].hash)
    for entry in entries:  # pseudonyms only
        assert not [mark for mark in MARKS.values() if mark in repr(entry).encode()]

    async with syncer(held.box.state) as night:
        await night.run(lambda sent, total: None)
        async with cloud_ends(night.config.cloud) as ends:
            manifests = await ends.records.find(documents.MANIFESTS, exam=exam)
    closing = [c for m in manifests if (c := decode(m["payload"])["close"])]  # type: ignore[index]
    entries = await log_of(held)
    assert [c["audit_head"] in {e.hash for e in entries} for c in closing] == [True]

    words = ["audit", "verify", "--state", str(held.box.state), "--json"]
    exit_code, out, _ = await hallvakt(*words, "--head", report["audit_words"])
    assert exit_code == 0
    noted = json.loads(out)["noted"]
    assert entries[noted - 1].action == "close-report"

    await held.box.stop()
    await asyncio.to_thread(_cut, held.box.state, noted - 1)
    assert (await hallvakt(*words))[0] == 0
    exit_code, out, said = await hallvakt(*words, "--head", report["audit_words"])
    assert (exit_code, out) == (6, "")
    assert f"entry {noted} is missing" in said


def _cut(state: Path, last: int) -> None:
    connection = apsw.Connection(str(state / "db" / "audit.db"))
    connection.execute("DROP TRIGGER entries_stay")
    connection.execute("DELETE FROM entries WHERE sequence > ?", (last,))
    connection.close()


@pytest_asyncio.fixture
async def locked_log(held: Held) -> AsyncIterator[Held]:
    """A log that takes no more lines: the disk's fault, or somebody's."""

    def lock() -> apsw.Connection:
        connection = apsw.Connection(str(held.box.state / "db" / "audit.db"))
        connection.execute(
            "CREATE TRIGGER no_more BEFORE INSERT ON entries "
            "BEGIN SELECT RAISE(ABORT, 'no more'); END"
        )
        connection.close()
        return connection

    await asyncio.to_thread(lock)
    yield held


@pytest.mark.parametrize("path", ["/portrait", "/snippets/1/film-strip"])
async def test_no_line_no_look(locked_log: Held, path: str) -> None:
    exam, attempt = locked_log.exam.exam, locked_log.attempts[0]
    refused = await locked_log.lead.ask("GET", f"/api/v1/exams/{exam}/attempts/{attempt}{path}")
    assert refused.status >= 500
    assert refused.headers["Content-Type"].startswith("application/problem+json")
    assert b"\xff\xd8\xff" not in refused.body
