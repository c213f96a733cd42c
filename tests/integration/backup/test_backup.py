"""A box burns: it comes back from its backup, and its archive from the cloud, with three shares."""

from __future__ import annotations

import asyncio
import io
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from appliance.adapters.crypto.backups import MAGIC, SealedWriter
from appliance.adapters.crypto.recipients import load_recipients
from appliance.adapters.crypto.signing import fingerprint
from appliance.adapters.store.stores import open_stores
from appliance.config import box
from appliance.core.errors import BadInput, IntegrityFailure, Locked, Refused
from appliance.core.exam import ExamState
from appliance.core.ids import BoxId
from appliance.core.keys import RecipientKind
from appliance.core.retention import DAY_MS
from appliance.processes import backup
from appliance.processes.adoption import adopt
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.drill import drill, last_drill
from appliance.processes.eraser import finish_erasures
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.hallvakt_command import CommandFailed, hallvakt
from tests.integration.backup.conftest import School, new_box
from tests.support.closed_exam import STARTED_MS, ClosedExam, closed_exam, exam_of
from tests.support.erasing import erase_on_box
from tests.support.fake_clock import FakeClock
from tests.support.scripted_mongo import replica_set


async def test_a_box_comes_back_with_three_of_five_shares(school: School, tmp_path: Path) -> None:
    made, file, state = school.made, tmp_path / "box.backup", tmp_path / "again"
    said = await hallvakt("backup", "create", "--out", str(file), state=made.state)
    assert (said["box"], said["recovery_keys"]) == (made.box_id, ["recovery"])
    await asyncio.to_thread(shutil.rmtree, made.state)
    with pytest.raises(CommandFailed, match="3 different shares"):
        await hallvakt("backup", "restore", str(file), *school.words(0, 1), state=state)
    assert not state.exists()
    back = await hallvakt("backup", "restore", str(file), *school.words(4, 0, 2), state=state)
    assert (back["box"], back["exams"], back["cloud_asked"]) == (made.box_id, 1, True)
    # It is the box it was: it knows what it signed, proves it, and may purge it.
    verified = await hallvakt("sync", "verify", state=state)
    assert [exam["exam"] for exam in verified["exams"]] == [made.exam_id]
    status = await hallvakt("sync", "status", state=state)
    assert status["drill_ok"] is None
    drilled = await hallvakt("backup", "drill", state=state)
    assert (drilled["ok"], drilled["exams"], drilled["packs"]) == (True, 1, 2)
    status = await hallvakt("sync", "status", state=state)
    assert status["drill_ok"] is True
    assert status["last_drill_at"]


async def test_no_key_of_any_attempt_is_in_a_backup(school: School, tmp_path: Path) -> None:
    """Ruling 5: neither envelopes nor wraps, and no page of the databases still has them."""
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    stores = await asyncio.to_thread(open_stores, made.state)
    sealed = [
        envelope.sealed_key
        for attempt in made.attempts
        for envelope in await stores.envelopes.of_attempt(attempt)
    ]
    await stores.close()
    assert len(sealed) == 4
    live = made.state / "live" / made.exam_id
    await asyncio.to_thread(live.mkdir, parents=True)
    await asyncio.to_thread((live / "wrap-x").write_bytes, b"a wrap that stays here" * 4)
    await asyncio.to_thread(backup.create, made.state, file)
    assert await asyncio.to_thread(file.read_bytes) != b""
    key = made.colleague.for_opening()
    await asyncio.to_thread(backup.unpack, file, state, key)

    def found() -> list[bytes]:
        everything = b"".join(p.read_bytes() for p in state.rglob("*") if p.is_file())
        assert made.signing_key.seed() not in everything  # only as PEM, in its own file
        return [s for s in (*sealed, b"a wrap that stays here") if s[:64] in everything]

    assert await asyncio.to_thread(found) == []
    assert not any(state.joinpath("live").iterdir())


async def test_what_was_erased_since_is_erased_again_first(school: School, tmp_path: Path) -> None:
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    await asyncio.to_thread(backup.create, made.state, file)
    await erase_on_box(made.state, made.box_id, made.signing_key, made.exam_id, made.attempts[0])
    await finish_erasures(made.state, signer=made.signer)
    await asyncio.to_thread(shutil.rmtree, made.state)
    report = await backup.restore(file, state, made.colleague.for_opening())
    assert report.erased_again == 1
    stores = await asyncio.to_thread(open_stores, state)
    assert await stores.snippets.objects(made.attempts[0]) == []
    await stores.close()


async def test_a_cloud_abroad_is_not_asked_and_the_box_is_back_all_the_same(
    school: School, tmp_path: Path
) -> None:
    """The configuration is the burnt box's; its database may have moved since."""
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    await asyncio.to_thread(backup.create, made.state, file)
    await asyncio.to_thread(shutil.rmtree, made.state)
    asked: list[dict[str, Any]] = []
    async with replica_set([{"country": "SE"}, {"country": "US"}], asked) as uri:
        assert school.cloud.records_uri_file is not None
        await asyncio.to_thread(school.cloud.records_uri_file.write_text, uri)
        with pytest.raises(Refused, match=r"is back in .* is in US") as refused:
            await backup.restore(file, state, made.colleague.for_opening())
    assert refused.value.code == "residency"
    assert [command for command in asked if "endSessions" not in command] == []
    stores = await asyncio.to_thread(open_stores, state)
    (exam,) = await stores.exams.all()
    assert await stores.snippets.objects_of_exam(exam.exam_id) == []  # they burnt, and it says so
    await stores.close()


async def test_a_host_that_nobody_signed_for_is_not_asked_either(
    school: School, tmp_path: Path
) -> None:
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    config = await asyncio.to_thread(box.load, made.state)
    named = replace(config.cloud, trusted_locations=("objects.example.se",))
    await asyncio.to_thread(box.write, made.state, replace(config, cloud=named))
    await asyncio.to_thread(backup.create, made.state, file)
    with pytest.raises(Refused, match="keys hosts sign"):
        await backup.restore(file, state, made.colleague.for_opening())


async def test_another_key_and_a_changed_file_restore_nothing(
    school: School, tmp_path: Path
) -> None:
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    await asyncio.to_thread(backup.create, made.state, file)
    content = await asyncio.to_thread(file.read_bytes)
    assert content.startswith(MAGIC)
    with pytest.raises(Locked):
        await backup.restore(file, state, made.reviewer.for_opening())
    key = made.colleague.for_opening()
    middle, damaged = len(content) // 2, tmp_path / "damaged"
    for wrong in (
        content[:-1],
        content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :],
        content + b"\0",
        b"PK" + content[2:],
        content.replace(made.box_id.encode(), b"0" * 32, 1),
    ):
        await asyncio.to_thread(damaged.write_bytes, wrong)
        with pytest.raises(IntegrityFailure):
            await backup.restore(damaged, state, key)
    assert not state.exists()
    left = await asyncio.to_thread(lambda: [p.name for p in tmp_path.iterdir()])
    assert [name for name in left if name.startswith(".again")] == []
    with pytest.raises(Refused, match="not empty"):
        await backup.restore(file, made.state, key)
    with pytest.raises(BadInput):
        await asyncio.to_thread(backup.create, made.state, file)  # never replaced


def _backup_of(made: ClosedExam, member: tarfile.TarInfo, file: Path) -> None:
    listed = load_recipients(made.state / "keys").recipients
    recovery = [one for one in listed if one.kind is RecipientKind.RECOVERY]
    with file.open("wb") as sealed:
        writer = SealedWriter(sealed, made.box_id, recovery, 0)
        with tarfile.open(fileobj=writer, mode="w|") as tar:
            tar.addfile(member, io.BytesIO())
        writer.finish()


async def test_what_no_box_writes_is_not_restored(school: School, tmp_path: Path) -> None:
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    link = tarfile.TarInfo("keys/link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    names = ("db/../../evil", "/etc/evil", "keys/..", "evil")
    for member in (*map(tarfile.TarInfo, names), link):
        await asyncio.to_thread(_backup_of, made, member, file)
        with pytest.raises(IntegrityFailure, match="what no box writes"):
            await asyncio.to_thread(backup.unpack, file, state, made.colleague.for_opening())
    left = await asyncio.to_thread(lambda: [p.name for p in tmp_path.iterdir()])
    assert [name for name in left if "again" in name or name == "evil"] == []


async def test_a_new_box_adopts_the_archive_of_a_burnt_one(school: School, tmp_path: Path) -> None:
    made, state = school.made, tmp_path / "new"
    await asyncio.to_thread(shutil.rmtree, made.state)
    await asyncio.to_thread(new_box, state, school.cloud)
    card = fingerprint(made.signing_key.public_bytes)
    words = ("backup", "adopt", "--box", made.box_id, *school.words(3, 1, 4))
    with pytest.raises(CommandFailed, match="not the fingerprint"):
        await hallvakt(*words, "--fingerprint", "0000 1111", state=state)
    said = await hallvakt(*words, "--fingerprint", card, state=state)
    (exam,) = said["exams"]
    assert (exam["exam_id"], exam["opened"], exam["locked"]) == (made.exam_id, 2, 0)
    again = await adopt(state, BoxId(made.box_id), card, made.colleague.for_opening())
    assert [one.known for one in again] == [True]
    await asyncio.to_thread(_as_if_cut_before_the_end, state)
    again = await adopt(state, BoxId(made.box_id), card, made.colleague.for_opening())
    assert [one.known for one in again] == [False]
    async with syncer(state) as night:
        (verified,) = await night.verify()
        assert verified.objects == len(made.plain)
        assert (await drill(night, 1)).ok
    # And its retention is the new box's to keep.
    await clean(state, clock=FakeClock(STARTED_MS + 32 * DAY_MS))
    assert (await exam_of(state, made.exam_id)).state is ExamState.PURGED


def _as_if_cut_before_the_end(state: Path) -> None:
    connection = apsw.Connection(str(state / "db" / "box.db"))
    connection.execute(
        "DELETE FROM manifests WHERE closes;"
        "UPDATE packs SET state = 'uploaded', manifest = NULL, confirmed_ms = NULL;"
        "UPDATE packs SET state = 'planned' WHERE number = 1;"
        "DELETE FROM pack_objects WHERE pack = (SELECT MAX(number) FROM packs);"
        "DELETE FROM packs WHERE number = (SELECT MAX(number) FROM packs)"
    )
    connection.close()


async def test_an_older_backup_and_a_night_after_it(school: School, tmp_path: Path) -> None:
    """The backup is of the evening, the exam was sent in the night, then it burnt: adopted back."""
    made, file, state = school.made, tmp_path / "backup", tmp_path / "again"
    stores = await asyncio.to_thread(open_stores, made.state)
    await stores.box.run(
        lambda connection: [
            connection.execute(f"DELETE FROM {table}")
            for table in ("pack_objects", "packs", "manifests")
        ]
    )
    await stores.box.run(lambda connection: connection.execute("UPDATE exams SET state = 'closed'"))
    await stores.close()
    await asyncio.to_thread(backup.create, made.state, file)
    await asyncio.to_thread(shutil.rmtree, made.state)
    key = made.colleague.for_opening()
    report = await backup.restore(file, state, key)
    assert report.lost_objects == len(made.plain)
    assert "adopt" in report.warnings[0]
    card = fingerprint(made.signing_key.public_bytes)
    (adopted,) = await adopt(state, made.box_id, card, key)
    assert not adopted.known
    async with syncer(state, signer=made.signer) as night:
        assert (await night.run(lambda sent, total: None)).exams == []
        assert len(await night.verify()) == 1


async def test_a_drill_that_fails_is_remembered(school: School) -> None:
    made = school.made
    async with syncer(made.state, signer=made.signer) as night, cloud_ends(school.cloud) as ends:
        for pack in await night.journal.packs(made.exam_id):
            await ends.objects.delete(f"packs/{pack.name}")
        failed = await drill(night, 2)
        assert (failed.ok, failed.at_ms) == (False, 2)
        assert await last_drill(night) == failed
    with pytest.raises(CommandFailed, match="restore drill failed"):
        await hallvakt("backup", "drill", state=made.state)


async def test_a_drill_sees_one_changed_byte_in_the_archive(school: School) -> None:
    made = school.made
    async with syncer(made.state, signer=made.signer) as night, cloud_ends(school.cloud) as ends:
        assert (await drill(night, 1)).ok
        for pack in await night.journal.packs(made.exam_id):
            name, middle = f"packs/{pack.name}", pack.size // 2
            kept = await ends.objects.get(name)
            await ends.objects.delete(name)
            changed = kept[:middle] + bytes([kept[middle] ^ 1]) + kept[middle + 1 :]
            await ends.objects.put(name, changed)
        failed = await drill(night, 2)
        assert failed.detail == "An object in the archive is not what was stored."
        assert not failed.ok
        assert await last_drill(night) == failed


async def test_a_drill_sees_objects_that_were_sealed_for_another_place(
    cloud: CloudServers, database: str, tmp_path: Path
) -> None:
    """Each whole, with the digest that was signed, under the header of another epoch: rows that a
    box had wrong before its night, which nothing that compares bytes would see."""
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    made = await closed_exam(tmp_path / "box", config)
    await asyncio.to_thread(_give_rows_another_epoch, made.state)
    async with syncer(made.state, signer=made.signer) as night:
        assert (await night.run(lambda sent, total: None)).exams == [made.exam_id]
        assert len(await night.verify()) == 1
        failed = await drill(night, 1)
    assert failed.detail == "An object in the archive was sealed for another place."
    assert not failed.ok


def _give_rows_another_epoch(state: Path) -> None:
    connection = apsw.Connection(str(state / "db" / "box.db"))
    connection.execute("UPDATE objects SET epoch = epoch + 1")
    connection.close()


async def test_a_drill_sees_that_a_copy_of_the_databases_is_damaged(school: School) -> None:
    made = school.made
    async with syncer(made.state, signer=made.signer) as night:
        assert (await drill(night, 1)).ok
        await asyncio.to_thread(_break_a_promise_of_its_tables, made.state)
        failed = await drill(night, 2)
        assert failed.detail == "The copy of box.db is damaged."
        assert not failed.ok
        assert await last_drill(night) == failed


def _break_a_promise_of_its_tables(state: Path) -> None:
    """What copies well, and is unsound all the same."""
    connection = apsw.Connection(str(state / "db" / "box.db"))
    connection.pragma("ignore_check_constraints", True)
    connection.execute("UPDATE packs SET state = 'nowhere' WHERE number = 1")
    connection.close()
