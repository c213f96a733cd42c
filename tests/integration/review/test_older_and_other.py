"""A cloud that shows an older state, another one, or not all: manifests that are signed all right,
by the box itself, and still are not what the box has said last."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

from appliance.core import manifest_payload, merkle
from appliance.core.errors import IntegrityFailure
from appliance.processes.syncer import syncer
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.services import cloud_documents as documents
from appliance.services import manifest_writer
from tests.support.archived_exam import ArchivedExam, archived_exam


@pytest.fixture
async def archived(
    cloud: CloudServers, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ArchivedExam]:
    """As in `conftest`, with a manifest per pack, so that there is a tail to lose."""
    monkeypatch.setattr(manifest_writer, "ENTRIES", 1)
    config = await asyncio.to_thread(cloud.config, tmp_path / "records.uri", database=database)
    async with archived_exam(tmp_path / "box", config) as exam:
        yield exam


async def _manifests(archived: ArchivedExam) -> list[dict[str, Any]]:
    found = await archived.ends.records.find(documents.MANIFESTS, exam=archived.made.exam_id)
    return sorted(found, key=lambda manifest: manifest["number"])


async def _drop(archived: ArchivedExam, manifest: dict[str, Any]) -> None:
    await archived.ends.records.delete(documents.MANIFESTS, _id=manifest["_id"])
    await archived.ends.objects.delete(f"manifests/{manifest['_id']}")


def _signed(archived: ArchivedExam, name: str, payload: dict[str, Any]) -> dict[str, Any]:
    """With the box's own key: what it may have signed in another life."""
    encoded, key = cbor2.dumps(payload, canonical=True), archived.made.signing_key
    return {
        "_id": name,
        "exam": archived.made.exam_id,
        "box": archived.made.box_id,
        "number": payload["number"],
        "root": payload["root"],
        "previous": payload["previous"],
        "payload": encoded,
        "signature": key.sign("manifest", encoded),
        "public_key": key.public_bytes,
    }


async def _both_notice(archived: ArchivedExam, match: str) -> None:
    with pytest.raises(IntegrityFailure, match=match):
        await archived.archive().open(archived.made.exam_id)
    async with syncer(archived.made.state, signer=archived.made.signer) as night:
        with pytest.raises(IntegrityFailure):
            await night.verify()


async def test_a_missing_tail(archived: ArchivedExam) -> None:
    *rest, last = await _manifests(archived)
    assert len(rest) > 2
    await _drop(archived, last)
    await _both_notice(archived, "not complete")


async def test_a_missing_middle(archived: ArchivedExam) -> None:
    await _drop(archived, (await _manifests(archived))[1])
    await _both_notice(archived, "missing or was replaced")


async def test_a_fork(archived: ArchivedExam) -> None:
    """Two manifests of one number, both signed by the box."""
    second = (await _manifests(archived))[1]
    payload = cbor2.loads(second["payload"]) | {"made_ms": 1}
    await archived.ends.records.upsert(documents.MANIFESTS, [_signed(archived, "f" * 32, payload)])
    await _both_notice(archived, "missing or was replaced")


async def test_a_rollback_to_a_state_that_was_whole(archived: ArchivedExam) -> None:
    """An older, complete, signed state: the box knows by its journal, and whoever has the exam's
    paper record by the root. A reviewer without either cannot know."""
    first, *later = await _manifests(archived)
    honest = (await archived.archive().open(archived.made.exam_id)).listing.chain.root
    payload = cbor2.loads(first["payload"])
    close = cbor2.loads(later[-1]["payload"])["close"]
    attempt = payload["entries"][0][3]
    close["attempts"] = [[attempt, len(payload["entries"]), 0, 0]]
    forged = payload | {"close": close, "tree_size": payload["tree_size"] + 1}
    forged["root"] = _root_of(forged)
    for manifest in (first, *later):
        await _drop(archived, manifest)
    await archived.ends.records.upsert(
        documents.MANIFESTS, [_signed(archived, first["_id"], forged)]
    )
    shown = await archived.archive().open(archived.made.exam_id)
    assert shown.listing.chain.root != honest
    async with syncer(archived.made.state, signer=archived.made.signer) as night:
        with pytest.raises(IntegrityFailure, match="other manifests"):
            await night.verify()


def _root_of(payload: dict[str, Any]) -> bytes:
    parsed = manifest_payload.parse(payload)
    assert parsed.close is not None
    return merkle.root([*(e.leaf() for e in parsed.entries), parsed.close.leaf()])


async def test_an_object_forged_under_a_right_name(archived: ArchivedExam) -> None:
    """Of the same size, in every place of the store: the signed digest is another."""
    for pack in await archived.ends.records.find(documents.PACKS, exam=archived.made.exam_id):
        name = f"packs/{pack['_id']}"
        size = len(await archived.ends.objects.get(name))
        forged = hashlib.shake_256(name.encode()).digest(size)
        await archived.ends.objects.delete(name)
        await archived.ends.objects.put(name, forged)
    with pytest.raises(IntegrityFailure, match="not the one that was sent"):
        await archived.archive().open(archived.made.exam_id)
    async with syncer(archived.made.state, signer=archived.made.signer) as night:
        with pytest.raises(IntegrityFailure, match="changed"):
            await night.verify(packs=1)
