"""A night with three identities that may do no more than their policies say, on stores that
enforce them: SeaweedFS with the very S3 policies that `sync prepare --show-roles` prints, and a
MongoDB-wire server with the roles that `sync prepare` makes (DESIGN ruling 12)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.cloud.s3 import S3Objects
from appliance.adapters.store.packs import Packs
from appliance.config.box import CloudConfig
from appliance.core.errors import Conflict, NotFound, Refused
from appliance.core.exam import ExamState
from appliance.core.retention import DAY_MS
from appliance.core.transfer import CHUNK_BYTES
from appliance.processes.cloud_ends import as_eraser, as_verifier, cloud_ends
from appliance.processes.janitor import clean
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services import cloud_documents as documents
from appliance.services.object_policies import s3_policies
from tests.support.closed_exam import STARTED_MS, closed_exam, exam_of
from tests.support.fake_clock import FakeClock
from tests.support.guarded_records import guarded, uri_as
from tests.support.object_servers import BUCKET, REGION, SeaweedFS, account

__all__ = ["guarded"]

IDENTITIES = ("writer", "verifier", "eraser")
ONE, TWO, THREE = (f"packs/{n:032x}" for n in (1, 2, 3))
DECISION = f"decisions/{5:032x}"
LARGE = f"manifests/{4:032x}"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("strict"), policies=s3_policies(BUCKET))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def config(store: SeaweedFS, guarded: CloudServers, tmp_path: Path) -> CloudConfig:
    keys, uris = {}, {}
    for name in IDENTITIES:
        keys[name] = store.write_credentials(tmp_path / f"{name}.s3", account(name))
        uris[name] = tmp_path / f"{name}.uri"
        uris[name].write_text(uri_as(guarded, f"hallvakt{name.capitalize()}"))
    return CloudConfig(
        objects="s3",
        endpoint=store.endpoint,
        region=REGION,
        bucket=BUCKET,
        credentials_file=keys["writer"],
        verifier_credentials_file=keys["verifier"],
        eraser_credentials_file=keys["eraser"],
        records_uri_file=uris["writer"],
        verifier_records_uri_file=uris["verifier"],
        eraser_records_uri_file=uris["eraser"],
    )


@asynccontextmanager
async def identity(store: SeaweedFS, name: str) -> AsyncIterator[S3Objects]:
    """By itself: nobody reads for it."""
    made = S3Objects(
        BUCKET, region=REGION, account=account(name), endpoint=store.endpoint, pauses_s=()
    )
    try:
        yield made
    finally:
        await made.close()


async def test_each_identity_may_do_its_own_and_no_more(store: SeaweedFS) -> None:
    async with (
        identity(store, "writer") as writer,
        identity(store, "verifier") as verifier,
        identity(store, "eraser") as eraser,
    ):
        await writer.put(ONE, b"content")
        large = bytes(CHUNK_BYTES + 1)
        await writer.put(LARGE, large)  # in parts
        for nobody in (verifier, eraser):
            with pytest.raises(Refused):
                await nobody.put(TWO, b"content")
            with pytest.raises(Refused):
                await nobody.put(THREE, large)
        for act in (
            writer.get(ONE),
            writer.stat(ONE),
            writer.delete(ONE),
            verifier.delete(ONE),
        ):
            with pytest.raises(Refused):
                await act
        assert await verifier.get(ONE) == b"content"
        assert {await each.location() for each in (writer, verifier, eraser)}
        await eraser.delete(ONE)
        assert await eraser.stat(ONE) is None
        assert await verifier.stat(ONE) is None
        assert await verifier.get(LARGE) == large


async def test_one_listing_is_the_verifier_s_and_decisions_are_a_reviewer_s(
    store: SeaweedFS,
) -> None:
    """What a night's requests are counted with, and what erasure and retention's end take away."""
    async with (
        identity(store, "writer") as writer,
        identity(store, "verifier") as verifier,
        identity(store, "eraser") as eraser,
        identity(store, "reviewer") as reviewer,
    ):
        await writer.put(TWO, b"content")
        assert TWO in await verifier.list("packs/")
        assert await reviewer.get(TWO) == b"content"
        await reviewer.put(DECISION, b"sealed")
        assert await reviewer.get(DECISION) == b"sealed"
        for act in (
            writer.list("packs/"),
            eraser.list("packs/"),
            reviewer.put(THREE, b"content"),
            reviewer.delete(TWO),
            reviewer.delete(DECISION),
            writer.put(DECISION[:-1] + "6", b"sealed"),
            verifier.get(DECISION),
        ):
            with pytest.raises(Refused):
                await act
        for name in (DECISION, TWO):
            await eraser.delete(name)
            assert await eraser.stat(name) is None


async def test_a_name_that_is_taken_is_looked_at_by_the_verifier(
    store: SeaweedFS, config: CloudConfig
) -> None:
    """After a lost reply the writer sends again what is there already, and may not look."""
    async with cloud_ends(config) as ends:
        for content in (b"small", bytes(CHUNK_BYTES + 7)):
            name = f"packs/{len(content):032x}"
            first = await ends.objects.put(name, content)
            assert await ends.objects.put(name, content) == first
            with pytest.raises(Conflict):
                await ends.objects.put(name, content[::-1] + b"!")
        assert await ends.objects.get(f"packs/{5:032x}") == b"small"  # by the verifier


async def test_a_night_and_its_end_with_three_identities(
    store: SeaweedFS, guarded: CloudServers, config: CloudConfig, tmp_path: Path
) -> None:
    made = await closed_exam(tmp_path / "box", config)
    async with syncer(made.state, signer=made.signer) as night:
        report = await night.run(lambda sent, total: None)
        assert report.exams == [made.exam_id]
        (verified,) = await night.verify()
        assert verified.read_packs == report.packs
        packs = await Packs(night.stores.box).packs(made.exam_id)
        manifests = [m async for m in Packs(night.stores.box).manifests(made.exam_id)]
    assert (await exam_of(made.state, made.exam_id)).state is ExamState.ARCHIVED
    # A box that is taken over has the writer's key: nothing it sent can be read or deleted by it.
    async with identity(store, "writer") as writer:
        for pack in packs:
            for act in (writer.get(f"packs/{pack.name}"), writer.delete(f"packs/{pack.name}")):
                with pytest.raises(Refused):
                    await act
    alone = replace(config, eraser_credentials_file=None, eraser_records_uri_file=None)
    async with cloud_ends(as_eraser(alone)) as ends:
        with pytest.raises(Refused):
            await ends.records.delete(documents.ATTEMPTS, exam=made.exam_id)

    # Retention's end, by the eraser: nothing is left at either end.
    late = FakeClock()
    late.set_wall_clock(STARTED_MS + 40 * DAY_MS)
    purged = await clean(made.state, clock=late, signer=made.signer)
    assert purged.exams_ended == [made.exam_id]
    async with cloud_ends(as_verifier(config)) as ends:
        for name in [f"packs/{p.name}" for p in packs] + [f"manifests/{m.name}" for m in manifests]:
            assert await ends.objects.stat(name) is None
            with pytest.raises(NotFound):
                await ends.objects.get(name)
        for collection in (documents.ATTEMPTS, documents.PACKS, documents.MANIFESTS):
            assert await ends.records.find(collection, exam=made.exam_id) == []
