"""Promise 8, erasure: an erased attempt is gone here, in the cloud and from restored backups."""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
import signal
import sys
from pathlib import Path

import pytest

from appliance.adapters.crypto import signing
from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.store.erasures import Erasures
from appliance.adapters.store.stores import open_stores
from appliance.cli.attempt_names import open_names
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, Locked, NotAllowed, NotFound, Refused
from appliance.core.ids import AttemptId
from appliance.core.keys import KEY_BYTES
from appliance.core.roles import Action, Person, Role
from appliance.core.snippet import ObjectHeader, ObjectKind
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.erased_state import belongings, encode
from appliance.processes.eraser import certificate_of, finish_erasures, read_certificate
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.review.archive import Archive
from appliance.services import cloud_documents as documents
from appliance.services.access import Access
from appliance.services.erasure_in_cloud import signed_tombstones
from appliance.services.tombstones import replay_tombstones
from tests.support.closed_exam import ClosedExam, closed_exam, new_reviewer
from tests.support.cloud_servers import cloud, database, driver_may_look_around
from tests.support.erasing import OFFICER, SECOND, desk, erase_on_box, openable

__all__ = ["cloud", "database", "driver_may_look_around"]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "box"


@pytest.fixture
async def made(state: Path, cloud: CloudServers, database: str, tmp_path: Path) -> ClosedExam:
    """Closed, not sent yet; the box's own key lies where `init` puts it."""
    config = await asyncio.to_thread(cloud.config, tmp_path / "uri", database=database)
    exam = await closed_exam(state, config)
    await asyncio.to_thread(exam.signing_key.save, state / "keys" / "box_signing.pem")
    return exam


@pytest.fixture
def config(cloud: CloudServers, database: str, tmp_path: Path) -> CloudConfig:
    return cloud.config(tmp_path / "uri", database=database)


async def _sync(made: ClosedExam) -> None:
    async with syncer(made.state, signer=made.signer) as night:
        await night.run(lambda sent, total: None)


async def _erase(made: ClosedExam, attempt: AttemptId) -> None:
    await erase_on_box(made.state, made.box_id, made.signing_key, made.exam_id, attempt)
    await finish_erasures(made.state, signer=made.signer)


async def _left_in_cloud(config: CloudConfig, attempt: AttemptId) -> int:
    async with cloud_ends(config) as ends:
        rows = list(await ends.records.find(documents.ATTEMPTS, _id=attempt))
        rows += await ends.records.find(documents.PACKS, attempt=attempt)
    return len(rows)


async def test_gone_everywhere_and_nothing_else(made: ClosedExam, config: CloudConfig) -> None:
    victim, other = made.attempts
    await _sync(made)
    async with cloud_ends(config) as ends:
        packs = await ends.records.find(documents.PACKS, attempt=victim)
        assert len(packs) == 3
        await _erase(made, victim)
        for pack in packs:
            assert await ends.objects.stat(f"packs/{pack['_id']}") is None
        assert await _left_in_cloud(config, victim) == 0
        assert await openable(made.state, victim, [made.reviewer]) == []
        assert len(await openable(made.state, other, [made.reviewer])) == len(made.plain) // 2

        async with syncer(made.state, signer=made.signer) as night:
            (verified,) = await night.verify()
        assert (verified.erased_packs, verified.unerased_packs, verified.packs) == (3, 0, 3)

        archive = Archive(ends.objects, ends.records, made.reviewer.for_opening())
        opened = await archive.open(made.exam_id)
        assert (opened.attempts[victim].erased, opened.attempts[victim].record) == (True, None)
        assert opened.attempts[other].record is not None
        with pytest.raises((Locked, NotFound)):
            await archive.read(opened, victim, ObjectKind.SNIPPET, 1)


async def test_only_what_is_tombstoned_may_be_missing(
    made: ClosedExam, config: CloudConfig
) -> None:
    victim, other = made.attempts
    await _sync(made)
    await _erase(made, victim)
    async with cloud_ends(config) as ends:
        (pack, *_) = await ends.records.find(documents.PACKS, attempt=other)
        await ends.objects.delete(f"packs/{pack['_id']}")
    async with syncer(made.state, signer=made.signer) as night:
        with pytest.raises(IntegrityFailure, match="missing"):
            await night.verify()


async def test_a_forged_tombstone_is_believed_by_nobody(
    made: ClosedExam, config: CloudConfig
) -> None:
    await _sync(made)
    foreign = signing.SigningKey.generate()
    victim = made.attempts[0]
    forged = {
        "_id": victim,
        "exam": made.exam_id,
        "box": made.box_id,
        "at_ms": 1,
        "signature": foreign.sign("tombstone", b"anything"),
        "public_key": made.signing_key.public_bytes,
    }
    async with cloud_ends(config) as ends:
        await ends.records.upsert(documents.TOMBSTONES, [forged])
        archive = Archive(ends.objects, ends.records, made.reviewer.for_opening())
        assert (await archive.open(made.exam_id)).attempts[victim].record is not None
        believed = await signed_tombstones(
            ends.records,
            public_keys={made.signing_key.public_bytes},
            verify=signing.verify,
            encode=encode,
        )
        assert believed == []
    await _sync(made)  # reads the cloud's tombstones first
    assert await openable(made.state, victim, [made.reviewer]) != []


@pytest.mark.parametrize("whole_state", [False, True], ids=["databases", "whole-state"])
async def test_a_restored_backup_opens_nothing_of_it(
    made: ClosedExam, tmp_path: Path, whole_state: bool
) -> None:
    """A copy of the box from before the erasure, put back. Where the file of tombstones was put
    back too, the cloud's tombstones say it again, before anything is sent or shown."""
    victim, other = made.attempts
    await _sync(made)
    backup = tmp_path / "backup"
    await asyncio.to_thread(shutil.copytree, made.state, backup)
    assert await openable(backup, victim, [made.reviewer]) != []  # the backup does hold it
    await _erase(made, victim)

    for part in ("db", "blobs"):
        await asyncio.to_thread(shutil.rmtree, made.state / part)
        await asyncio.to_thread(shutil.copytree, backup / part, made.state / part)
    if whole_state:
        await asyncio.to_thread(shutil.rmtree, made.state / "erased")
        await _sync(made)
    else:
        stores = await asyncio.to_thread(open_stores, made.state)
        places = await asyncio.to_thread(belongings, made.state, stores)
        assert await replay_tombstones(places) == 1  # what the gateway's start does
        assert await replay_tombstones(places) == 0
        await stores.close()
    assert await openable(made.state, victim, [made.reviewer]) == []
    assert len(await openable(made.state, other, [made.reviewer])) == len(made.plain) // 2


async def test_erased_before_the_night_it_is_never_sent(
    made: ClosedExam, config: CloudConfig
) -> None:
    victim = made.attempts[0]
    async with syncer(made.state, signer=made.signer) as night:
        exam = await night.stores.exams.get(made.exam_id)
        await night.batching.plan(exam)  # a night that was cut after planning
    await _erase(made, victim)
    await _sync(made)
    assert await _left_in_cloud(config, victim) == 0
    async with syncer(made.state, signer=made.signer) as night:
        (verified,) = await night.verify()
    assert (verified.packs, verified.erased_packs) == (3, 0)


async def test_the_certificate(made: ClosedExam) -> None:
    victim = made.attempts[0]
    await _sync(made)
    sealed = set(made.names)
    await _erase(made, victim)
    certificate = await certificate_of(made.state, victim)
    assert certificate.public_key == made.signing_key.public_bytes
    p = certificate.payload
    assert p["decided_by"] == [OFFICER.user_id, SECOND.user_id]
    assert (len(p["envelopes"]), len(p["objects"]), len(p["cloud"]["packs"])) == (2, 8, 3)
    assert p["cloud"]["location"] == "EUROPE-NORTH1"
    assert {row[0] for row in p["objects"]} == sealed - set(made.names)
    assert p["finished_ms"] >= p["decided_ms"]
    text = await asyncio.to_thread((made.state / "erased" / f"{victim}.md").read_text)
    assert all(row[4] in text for row in p["objects"])
    assert "reviewer" in text  # the residual of ruling 5 is said
    with pytest.raises(IntegrityFailure):
        read_certificate(certificate.signed.replace(b"2026-17", b"2026-18"))
    stores = await asyncio.to_thread(open_stores, made.state)
    acts = [e.action for e in await stores.audit.entries() if e.about == victim]
    await stores.close()
    assert acts == ["attempt_erase", "erasure_countersign", "erasure.finished"]


_LEAD = Person(user_id=OFFICER.user_id, role=Role.LEAD_INVIGILATOR)


@pytest.mark.parametrize(
    ("second", "refusal"),
    [
        (OFFICER, Refused),
        (Person(user_id=SECOND.user_id, role=Role.TECHNICIAN), NotAllowed),
        (Person(user_id=SECOND.user_id, role=Role.REVIEWER), NotAllowed),
        (Person(user_id=SECOND.user_id, role=Role.LEAD_INVIGILATOR), NotAllowed),  # not assigned
    ],
)
async def test_one_person_is_not_two(
    made: ClosedExam, second: Person, refusal: type[Exception]
) -> None:
    stores = await asyncio.to_thread(open_stores, made.state)
    try:
        erasing = await asyncio.to_thread(desk, made.state, stores, made.box_id, made.signing_key)
        access = Access(stores.exams, stores.attempts, stores.audit)
        asked = await access.to_exam(OFFICER, Action.ATTEMPT_ERASE, made.exam_id)
        with pytest.raises(refusal):
            await erasing.erase(asked, second, made.attempts[0], "")
        with pytest.raises(NotAllowed):
            await access.to_exam(_LEAD, Action.ATTEMPT_ERASE, made.exam_id)
        assert await Erasures(stores.box).unfinished() == []
        assert await stores.audit.entries() == []
    finally:
        await stores.close()
    assert len(made.names) == len(made.plain)


_CHILD = """
import asyncio, os, signal, sys
from pathlib import Path
from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.cloud.gcs import GcsObjects
from appliance.adapters.cloud.records import MongoRecords
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.store.envelopes import Envelopes
from appliance.adapters.store.erasures import Erasures
from appliance.adapters.store.tombstone_file import TombstoneFile
from appliance.processes.eraser import finish_erasures
from tests.support.closed_exam import LocalSigner
from tests.support.erasing import erase_on_box

state, box, exam, attempt, moment = Path(sys.argv[1]), *sys.argv[2:6]
PLACES = {
    "journalled": (Erasures, "begin"), "in-file": (TombstoneFile, "append"),
    "keys": (Envelopes, "delete"), "blob": (DirectoryBlobs, "delete"),
    "rows": (Erasures, "purge_rows"), "cloud-rows": (MongoRecords, "delete"),
    "cloud-object": (GcsObjects, "delete"), "unsigned": (Erasures, "discard_packs"),
}
kind, name = PLACES[moment]
real = getattr(kind, name)

async def then_die(self, *arguments, **named):
    await real(self, *arguments, **named)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(kind, name, then_die)
key = SigningKey.load(state / "keys" / "box_signing.pem")

async def main():
    await erase_on_box(state, box, key, exam, attempt)
    await finish_erasures(state, signer=LocalSigner(key))

asyncio.run(main())
"""
_MOMENTS = (
    "journalled", "in-file", "keys", "blob", "rows", "cloud-rows", "cloud-object", "unsigned",
)  # fmt: skip


@pytest.mark.parametrize("again", ["asked again", "left to the janitor"])
async def test_killed_at_every_step_it_is_finished(
    made: ClosedExam, config: CloudConfig, again: str
) -> None:
    """SIGKILL right after each step, one after the other on the same erasure, then to the end."""
    victim, other = made.attempts
    await _sync(made)
    for moment in _MOMENTS:
        words = (str(made.state), made.box_id, made.exam_id, victim, moment)
        child = await asyncio.create_subprocess_exec(sys.executable, "-c", _CHILD, *words)
        assert await child.wait() == -signal.SIGKILL, moment
    if again == "asked again":
        await _erase(made, victim)
    else:
        await clean(made.state, signer=made.signer)
    assert await openable(made.state, victim, [made.reviewer]) == []
    assert await _left_in_cloud(config, victim) == 0
    certificate = await certificate_of(made.state, victim)
    # The list was written down before the first deletion, so no cut shortens it.
    assert (len(certificate.payload["objects"]), len(certificate.payload["envelopes"])) == (8, 2)
    async with syncer(made.state, signer=made.signer) as night:
        (verified,) = await night.verify()
    assert (verified.erased_packs, verified.packs) == (3, 3)
    assert await _left_in_cloud(config, other) == 4


async def test_names_that_the_box_cannot_open_are_dropped_by_every_opener(
    made: ClosedExam,
) -> None:
    """The names of a closed exam stay sealed as they were; whoever opens them sees one less."""
    victim, other = made.attempts
    secret, names = secrets.token_bytes(KEY_BYTES), AttemptId(made.exam_id)
    plain = {a: {"name": f"Canary {n}", "number": str(n)} for n, a in enumerate(made.attempts)}
    header = ObjectHeader(
        kind=ObjectKind.IDENTITY,
        box_id=made.box_id,
        exam_id=made.exam_id,
        attempt_id=names,
        sequence=0,
        epoch=0,
    )
    stores = await asyncio.to_thread(open_stores, made.state)
    sealed = ObjectSealing().seal(secret, header, json.dumps(plain).encode())
    await stores.identities.put(made.exam_id, sealed)
    recipient = made.reviewer.public().recipient()
    await stores.envelopes.add([seal_envelope(recipient, made.exam_id, names, 0, secret)], None)
    await stores.close()
    assert set(await open_names(made.state, made.exam_id, made.reviewer)) == {victim, other}
    await _erase(made, victim)
    left = await open_names(made.state, made.exam_id, made.reviewer)
    assert {attempt: who.name for attempt, who in left.items()} == {other: "Canary 1"}
    certificate = await certificate_of(made.state, victim)
    assert certificate.payload["name"] == "sealed"
    assert any("drops this name" in residue for residue in certificate.payload["residues"])
    with pytest.raises(Locked):
        await open_names(made.state, made.exam_id, new_reviewer())
