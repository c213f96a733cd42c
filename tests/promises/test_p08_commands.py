"""Promise 8 by command, on a served box with the real cloud servers."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.config import box as box_config
from appliance.core.ids import AttemptId
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.free_ports import free_port
from tests.support.box import PASSPHRASE, RealBox
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.cloud_servers import cloud, database, driver_may_look_around
from tests.support.erasing import openable

__all__ = ["cloud", "database", "driver_may_look_around"]

OFFICERS = {"dag": "en lång lösenfras ett", "dora": "en lång lösenfras två"}


async def hallvakt(state: Path, *words: str, secrets: tuple[str, ...]) -> tuple[int, Any, str]:
    """Exit code, the JSON it printed or None, and what it said on standard error."""
    read, write = os.pipe()
    os.write(write, "".join(f"{line}\n" for line in secrets).encode())
    os.close(write)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli.main", *words,
        *("--state", str(state), "--passphrase-fd", str(read), "--json"),
        pass_fds=(read,),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(read)
    out, said = await process.communicate()
    return process.returncode or 0, json.loads(out) if out else None, said.decode()


@pytest.fixture
async def box() -> AsyncIterator[RealBox]:
    directory = Path(tempfile.mkdtemp(prefix="hvbox-"))
    served = RealBox(directory / "box", free_port())
    await asyncio.to_thread(served.make)
    try:
        yield served
    finally:
        await served.stop()
        await asyncio.to_thread(shutil.rmtree, directory)


@pytest.fixture
async def made(box: RealBox, cloud: CloudServers, database: str) -> ClosedExam:
    """Closed and in the cloud; the gateway runs, with two officers."""
    config = await asyncio.to_thread(cloud.config, box.state / "uri", database=database)
    exam = await closed_exam(box.state, config, reviewer=box.school["reviewer"])
    async with syncer(exam.state, signer=exam.signer) as night:
        await night.run(lambda sent, total: None)
    await box.start()
    lead = await box.login()
    for name, passphrase in OFFICERS.items():
        new = {"name": name, "role": "data_protection_officer", "passphrase": passphrase}
        await lead.ok("POST", "/api/v1/users", json=new)
    return exam


def _erase(made: ClosedExam, attempt: AttemptId, *more: str) -> tuple[str, ...]:
    return ("attempt", "erase", made.exam_id, attempt, "--as", "dag", "--second", *more)


async def test_two_officers_erase(box: RealBox, made: ClosedExam) -> None:
    victim, other = made.attempts
    both = (OFFICERS["dag"], "", OFFICERS["dora"], "")
    code, _, said = await hallvakt(
        box.state, *_erase(made, victim, "dag"), secrets=(both[0], "") * 2
    )
    assert (code, "same" in said) == (4, True), said

    held = ("exam", "hold", made.exam_id, "--as", "dag")
    code, _, said = await hallvakt(box.state, *held, "--reason", "2026-17", secrets=(both[0], ""))
    assert code == 0, said
    code, _, said = await hallvakt(box.state, *_erase(made, victim, "dora"), secrets=both)
    assert (code, "hold" in said) == (4, True), said
    code, _, said = await hallvakt(box.state, *held, "--release", secrets=(both[0], ""))
    assert code == 0, said

    code, erased, said = await hallvakt(
        box.state, *_erase(made, victim, "dora", "--reference", "2026-17"), secrets=both
    )
    assert code == 0, said
    assert (erased["envelopes"], erased["objects"], erased["packs"]) == (2, 8, 3)
    assert erased["name"] == "removed"  # this exam never had names
    certificate = await asyncio.to_thread(Path(erased["certificate_text"]).read_text)
    assert "2026-17" in certificate
    assert await openable(box.state, victim, [made.reviewer]) == []
    assert len(await openable(box.state, other, [made.reviewer])) == 8

    again, document, said = await hallvakt(box.state, *_erase(made, victim, "dora"), secrets=both)
    assert (again, document["certificate"]) == (0, erased["certificate"]), said


async def test_the_lead_may_countersign_and_no_more(box: RealBox, made: ClosedExam) -> None:
    victim = made.attempts[0]
    words = ("attempt", "erase", made.exam_id, victim)
    by_lead = (*words, "--as", "lena", "--second", "dag")
    code, _, said = await hallvakt(
        box.state, *by_lead, secrets=(PASSPHRASE, "", OFFICERS["dag"], "")
    )
    assert code == 4, said
    assert len(await openable(box.state, victim, [made.reviewer])) == 8
    code, _, said = await hallvakt(
        box.state, *_erase(made, victim, "lena"), secrets=(OFFICERS["dag"], "", PASSPHRASE, "")
    )
    assert code == 0, said
    assert await openable(box.state, victim, [made.reviewer]) == []


async def test_with_the_line_down_the_box_erases_and_says_what_is_open(
    box: RealBox, made: ClosedExam, cloud: CloudServers, database: str
) -> None:
    victim = made.attempts[0]
    config = await asyncio.to_thread(box_config.load, box.state)
    uri = await asyncio.to_thread((box.state / "uri").read_text)
    await asyncio.to_thread(
        (box.state / "uri").write_text, "mongodb://127.0.0.1:9/?directConnection=true\n"
    )
    assert config.cloud.records_uri_file is not None
    both = (OFFICERS["dag"], "", OFFICERS["dora"], "")
    code, _, said = await hallvakt(box.state, *_erase(made, victim, "dora"), secrets=both)
    assert (code, "janitor" in said) == (5, True), said
    assert await openable(box.state, victim, [made.reviewer]) == []
    await asyncio.to_thread((box.state / "uri").write_text, uri)
    code, _, said = await hallvakt_janitor(box.state)
    assert code == 0, said
    assert await asyncio.to_thread((box.state / "erased" / f"{victim}.cbor").exists)


async def hallvakt_janitor(state: Path) -> tuple[int, bytes, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "appliance.cli.main", "janitor", "--state", str(state),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, said = await process.communicate()
    return process.returncode or 0, out, said.decode()


async def test_a_gateway_on_a_restored_backup_erases_before_it_answers(
    box: RealBox, made: ClosedExam, tmp_path: Path
) -> None:
    victim, other = made.attempts
    await box.stop()
    for part in ("db", "blobs"):
        await asyncio.to_thread(shutil.copytree, box.state / part, tmp_path / part)
    await box.start()
    both = (OFFICERS["dag"], "", OFFICERS["dora"], "")
    code, _, said = await hallvakt(box.state, *_erase(made, victim, "dora"), secrets=both)
    assert code == 0, said
    await box.stop()
    for part in ("db", "blobs"):
        await asyncio.to_thread(shutil.rmtree, box.state / part)
        await asyncio.to_thread(shutil.copytree, tmp_path / part, box.state / part)
    assert len(await openable(box.state, victim, [made.reviewer])) == 8
    await box.start()
    assert await openable(box.state, victim, [made.reviewer]) == []
    assert len(await openable(box.state, other, [made.reviewer])) == 8
    assert "erased again after a restore" in await asyncio.to_thread(box.log)
