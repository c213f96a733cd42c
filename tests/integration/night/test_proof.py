"""Nothing is confirmed, and so nothing purged, before somebody who may only read has read it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.store.packs import Packs
from appliance.config.box import CloudConfig
from appliance.core.errors import IntegrityFailure, WrongConfiguration
from appliance.core.exam import ExamState
from appliance.core.pack_journal import PackState
from appliance.processes.cloud_ends import as_verifier, has_verifier
from appliance.processes.janitor import clean
from appliance.processes.syncer import READ_BACK_PACKS, syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services.signing import Signed
from tests.support.closed_exam import ClosedExam, closed_exam, exam_of


def _silent(sent: int, total: int) -> None: ...


async def _states(made: ClosedExam) -> set[PackState]:
    async with syncer(made.state, signer=made.signer) as night:
        packs = await Packs(night.stores.box).packs(made.exam_id)
    return {pack.state for pack in packs}


async def test_a_store_that_says_it_has_what_it_has_not(
    state: Path, cloud: CloudServers, cloud_config: CloudConfig
) -> None:
    """The store's own words (size, checksum) stay right: only reading tells."""
    made = await closed_exam(state, cloud_config)

    def spoil() -> None:
        for path in cloud.objects_directory.rglob("packs*"):
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file() and file.suffix != ".metadata":
                    content = file.read_bytes()
                    file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    class SpoilsWhenAsked:
        """Signing comes after the uploads and before the proof."""

        async def sign(self, purpose: str, payload: bytes) -> Signed:
            await asyncio.to_thread(spoil)
            return await made.signer.sign(purpose, payload)

    async with syncer(state, signer=SpoilsWhenAsked()) as night:
        with pytest.raises(IntegrityFailure, match="changed"):
            await night.run(_silent)
    assert await _states(made) == {PackState.UPLOADED}
    assert (await exam_of(state, made.exam_id)).state is ExamState.CLOSED
    assert (await clean(state, signer=made.signer)).purged == 0
    assert len(made.names) == len(made.plain)


async def test_without_the_verifier_nothing_is_confirmed(
    state: Path, cloud_config: CloudConfig, tmp_path: Path
) -> None:
    """The read-back is the verifier's: a writer that works does not stand in for it."""
    elsewhere = tmp_path / "verifier.uri"  # which is not there
    config = replace(cloud_config, verifier_records_uri_file=elsewhere)
    made = await closed_exam(state, config)
    async with syncer(state, signer=made.signer) as night:
        night_config = replace(night.config, cloud=as_verifier(night.config.cloud))
        assert night_config.cloud.records_uri_file == elsewhere
        with pytest.raises(WrongConfiguration):
            await night.run(_silent)
    assert await _states(made) == {PackState.UPLOADED}


def test_what_counts_as_a_verifier_of_its_own(tmp_path: Path) -> None:
    own = CloudConfig(objects="gcs", bucket="b", verifier_records_uri_file=tmp_path / "uri")
    assert not has_verifier(own)
    assert has_verifier(replace(own, verifier_credentials_file=tmp_path / "key.json"))
    assert has_verifier(replace(own, objects="directory"))


async def test_a_sample_reads_some_and_asks_for_the_rest(
    state: Path, cloud_config: CloudConfig
) -> None:
    made = await closed_exam(state, cloud_config)
    async with syncer(state, signer=made.signer) as night:
        report = await night.run(_silent)
        (some,) = await night.verify(packs=READ_BACK_PACKS)
        (whole,) = await night.verify()
    assert (some.read_packs, some.packs) == (READ_BACK_PACKS, report.packs)
    assert (whole.read_packs, whole.read_bytes) == (report.packs, report.bytes)
