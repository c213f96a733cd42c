"""Whoever writes to the cloud asks first where both ends lie: outside the EU the database is
logged in to by nobody, and the bucket stays as it is."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.crypto.private_keys import PrivateKey, write_private_key
from appliance.adapters.crypto.recipients import install_recipients, sign_recipients
from appliance.adapters.crypto.trusted_hosts import install_trusted_hosts, sign_trusted_hosts
from appliance.cli.sync_configure import configure
from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.core.errors import Refused
from appliance.core.exam import ExamState
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.drill import drill
from appliance.processes.eraser import finish_erasures
from appliance.processes.fleet import fleet
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services import cloud_documents as documents
from appliance.services.purge import first_problem
from tests.support.closed_exam import STARTED_MS, ClosedExam, closed_exam, exam_of, new_reviewer
from tests.support.erasing import erase_on_box
from tests.support.fake_clock import FakeClock
from tests.support.scripted_mongo import replica_set

_DAY_MS = 24 * 3_600_000


async def _abroad(tmp_path: Path, uri: str) -> CloudConfig:
    """Objects on site, the records partly in the United States."""
    objects, file = tmp_path / "objects", tmp_path / "records.uri"
    await asyncio.to_thread(objects.mkdir)
    await asyncio.to_thread(file.write_text, uri)
    return CloudConfig(objects="directory", directory=objects, records_uri_file=file)


def _untouched(config: CloudConfig, asked: list[dict[str, Any]]) -> bool:
    assert config.directory is not None
    commands = [c for c in asked if "endSessions" not in c]
    return not commands and not any(p.is_file() for p in config.directory.rglob("*"))


async def _made(tmp_path: Path, config: CloudConfig) -> ClosedExam:
    return await closed_exam(tmp_path / "box", config, candidates=1)


async def test_a_night_asks_the_database_nothing_before(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        made = await _made(tmp_path, config)
        async with syncer(made.state, signer=made.signer) as night:
            with pytest.raises(Refused, match="nothing was sent"):
                await night.run(lambda sent, total: None)
    assert _untouched(config, asked)


async def test_an_erasure_writes_no_tombstone_there(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        made = await _made(tmp_path, config)
        (attempt,) = made.attempts
        await erase_on_box(made.state, made.box_id, made.signing_key, made.exam_id, attempt)
        with pytest.raises(Refused, match="nothing was sent"):
            await finish_erasures(made.state, signer=made.signer)
    assert _untouched(config, asked)


async def test_a_review_does_not_begin(tmp_path: Path) -> None:
    """Nothing is looked at or decided where receipts and decisions could not be written."""
    asked: list[dict[str, Any]] = []
    key, described = tmp_path / "reviewer.key", tmp_path / "cloud.toml"
    await asyncio.to_thread(write_private_key, key, new_reviewer(), "open sesame")
    table = '[cloud]\nobjects = "directory"\ndirectory = "objects"\n'
    table += 'records_uri_file = "records.uri"\n'
    await asyncio.to_thread(described.write_text, table)
    read, write = os.pipe()
    os.write(write, b"open sesame\n")
    os.close(write)
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        words = ("--cloud", str(described), "--key", str(key), "--passphrase-fd", str(read))
        command = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "appliance.cli.main", "review", "list", *words),
            pass_fds=(read,),
            stderr=asyncio.subprocess.PIPE,
        )
        os.close(read)
        _, said = await command.communicate()
    assert command.returncode == Refused.exit_code
    assert b"is in US, which is not in the EU or EEA, so nothing was sent" in said
    assert _untouched(config, asked)


async def _configured(made: ClosedExam, cloud: CloudConfig) -> None:
    config = await asyncio.to_thread(box.load, made.state)
    await asyncio.to_thread(box.write, made.state, replace(config, cloud=cloud))


async def _sent(made: ClosedExam) -> None:
    async with syncer(made.state, signer=made.signer) as night:
        assert (await night.run(lambda sent, total: None)).exams == [made.exam_id]


async def test_a_verifier_reads_nothing_from_a_database_abroad(
    tmp_path: Path, cloud_config: CloudConfig
) -> None:
    """Its URI is one of its own: reading back in the night, `sync verify` and the drill ask too."""
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        elsewhere = tmp_path / "verifier.uri"
        await asyncio.to_thread(elsewhere.write_text, uri)
        abroad = replace(cloud_config, verifier_records_uri_file=elsewhere)
        made = await _made(tmp_path, abroad)
        async with syncer(made.state, signer=made.signer) as night:
            with pytest.raises(Refused, match="nothing was sent"):
                await night.run(lambda sent, total: None)
        assert (await exam_of(made.state, made.exam_id)).state is ExamState.CLOSED
        await _configured(made, cloud_config)
        await _sent(made)
        await _configured(made, abroad)
        async with syncer(made.state, signer=made.signer) as night:
            with pytest.raises(Refused, match="nothing was sent"):
                await night.verify()
            tried = await drill(night, 1)
    assert (tried.ok, "is in US" in tried.detail) == (False, True)
    assert [c for c in asked if "endSessions" not in c] == []


async def test_a_janitor_deletes_nothing_in_a_database_abroad(
    tmp_path: Path, cloud_config: CloudConfig
) -> None:
    asked: list[dict[str, Any]] = []
    made = await _made(tmp_path, cloud_config)
    await _sent(made)
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        elsewhere = tmp_path / "eraser.uri"
        await asyncio.to_thread(elsewhere.write_text, uri)
        await _configured(made, replace(cloud_config, eraser_records_uri_file=elsewhere))
        report = await clean(made.state, clock=FakeClock(STARTED_MS + 32 * _DAY_MS))
    assert (report.exams_ended, report.remote_left) == ([], [made.exam_id])
    assert made.names == []  # the box's own are gone all the same
    problem = first_problem(report)
    assert isinstance(problem, Refused)
    assert "is in US" in problem.message
    assert [c for c in asked if "endSessions" not in c] == []
    await _configured(made, cloud_config)
    report = await clean(made.state, clock=FakeClock(STARTED_MS + 32 * _DAY_MS))
    assert (report.exams_ended, first_problem(report)) == ([made.exam_id], None)


async def test_a_host_that_no_root_signed_for_is_not_the_eraser_s_either(
    tmp_path: Path, cloud_config: CloudConfig
) -> None:
    """Whoever may write box.toml could name a store anywhere; retention's end, an erasure and the
    fleet's list wait for the school's signature. The box's own copies do not."""
    made = await closed_exam(tmp_path / "box", cloud_config)
    await _sent(made)
    first, _ = made.attempts
    named = replace(cloud_config, trusted_locations=("objects.example.se",))
    await _configured(made, named)
    await erase_on_box(made.state, made.box_id, made.signing_key, made.exam_id, first)
    with pytest.raises(Refused, match="keys hosts sign"):
        await finish_erasures(made.state, signer=made.signer)
    async with cloud_ends(cloud_config) as ends:
        assert await ends.records.find(documents.TOMBSTONES, exam=made.exam_id) == []
    with pytest.raises(Refused, match="keys hosts sign"):  # of the erasure, after its own round
        await clean(made.state, clock=FakeClock(STARTED_MS + 32 * _DAY_MS), signer=made.signer)
    assert made.names == []
    assert (await exam_of(made.state, made.exam_id)).state is ExamState.ARCHIVED
    async with cloud_ends(cloud_config) as ends:
        assert len(await ends.records.find(documents.ATTEMPTS, exam=made.exam_id)) == 2
    root = PrivateKey.generate("root", "School")
    await asyncio.to_thread(_signs_for, root, made.state / "keys", named.trusted_locations)
    await finish_erasures(made.state, signer=made.signer)
    late = FakeClock(STARTED_MS + 32 * _DAY_MS)
    assert (await clean(made.state, clock=late)).exams_ended == [made.exam_id]


async def test_retention_s_end_says_who_has_to_sign(
    tmp_path: Path, cloud_config: CloudConfig
) -> None:
    made = await _made(tmp_path, cloud_config)
    await _sent(made)
    await _configured(made, replace(cloud_config, trusted_locations=("objects.example.se",)))
    report = await clean(made.state, clock=FakeClock(STARTED_MS + 32 * _DAY_MS))
    assert (report.exams_ended, report.remote_left) == ([], [made.exam_id])
    problem = first_problem(report)
    assert isinstance(problem, Refused)
    assert "keys hosts sign" in problem.message


def _signs_for(root: PrivateKey, keys: Path, hosts: tuple[str, ...]) -> None:
    listed = sign_recipients(root.for_signing(), 1, [new_reviewer().public()])
    install_recipients(keys, listed, root=root.public())
    install_trusted_hosts(keys, sign_trusted_hosts(root.for_signing(), 1, hosts))


async def test_the_fleet_is_not_asked_abroad(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        with pytest.raises(Refused, match="is in US"):
            await fleet(config)
    assert _untouched(config, asked)


async def test_a_cloud_whose_host_nobody_signed_for_is_not_taken_over(tmp_path: Path) -> None:
    asked: list[dict[str, Any]] = []
    made, described = await _made(tmp_path, CloudConfig()), tmp_path / "cloud.toml"
    table = '[cloud]\nobjects = "directory"\ndirectory = "objects"\n'
    table += 'records_uri_file = "records.uri"\ntrusted_locations = ["objects.example.se"]\n'
    await asyncio.to_thread(described.write_text, table)
    async with replica_set([{"country": "SE"}], asked) as uri:
        config = await _abroad(tmp_path, uri)
        with pytest.raises(Refused, match="keys hosts sign"):
            await configure(described, state=made.state)
    assert _untouched(config, asked)


async def test_a_bucket_abroad_is_not_even_tried(tmp_path: Path) -> None:
    abroad, described = CloudServers(tmp_path / "abroad", location="US-EAST1"), tmp_path / "c.toml"
    made = await closed_exam(tmp_path / "box", CloudConfig(), candidates=1)
    await asyncio.to_thread(abroad.start)
    try:
        before = await asyncio.to_thread(_files, abroad.objects_directory)
        await asyncio.to_thread(abroad.describe, described)
        with pytest.raises(Refused, match="US-EAST1"):
            await configure(described, state=made.state)
        assert await asyncio.to_thread(_files, abroad.objects_directory) == before
    finally:
        await asyncio.to_thread(abroad.stop)
    assert (await asyncio.to_thread(box.load, made.state)).cloud == CloudConfig()


def _files(directory: Path) -> dict[Path, int]:
    """With when each was last written: a probe that was removed again leaves its trace."""
    return {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
