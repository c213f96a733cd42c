"""What somebody with full access to the cloud can do to a copy, and that it shows."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import pytest

from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.crypto.signing import SigningKey
from appliance.core.errors import IntegrityFailure
from appliance.core.snippet import ObjectKind
from appliance.processes.syncer import syncer
from appliance.services import cloud_documents as documents
from tests.support.archived_exam import ArchivedExam

Tamper = Callable[[ArchivedExam], Awaitable[None]]


async def _replace(archived: ArchivedExam, name: str, content: bytes) -> None:
    await archived.ends.objects.delete(name)
    await archived.ends.objects.put(name, content)


async def _packs(archived: ArchivedExam, kind: ObjectKind) -> list[dict[str, Any]]:
    found = await archived.ends.records.find(documents.PACKS, exam=archived.made.exam_id)
    return [pack for pack in found if any(o["kind"] == kind for o in pack["objects"])]


async def _manifest(archived: ArchivedExam) -> dict[str, Any]:
    (found,) = await archived.ends.records.find(documents.MANIFESTS, exam=archived.made.exam_id)
    return found


async def pack_lost(archived: ArchivedExam) -> None:
    (pack, *_) = await _packs(archived, ObjectKind.SNIPPET)
    await archived.ends.objects.delete(f"packs/{pack['_id']}")


async def pack_cut(archived: ArchivedExam) -> None:
    (pack, *_) = await _packs(archived, ObjectKind.SNIPPET)
    name = f"packs/{pack['_id']}"
    await _replace(archived, name, (await archived.ends.objects.get(name))[:-1])


async def packs_swapped(archived: ArchivedExam) -> None:
    one, two = (f"packs/{p['_id']}" for p in await _packs(archived, ObjectKind.PORTRAIT))
    first, second = [await archived.ends.objects.get(name) for name in (one, two)]
    await _replace(archived, one, second)
    await _replace(archived, two, first)


async def one_bit(archived: ArchivedExam) -> None:
    (pack, *_) = await _packs(archived, ObjectKind.SNIPPET)
    name = f"packs/{pack['_id']}"
    content = bytearray(await archived.ends.objects.get(name))
    content[len(content) // 2] ^= 1
    await _replace(archived, name, bytes(content))


async def manifest_object_lost(archived: ArchivedExam) -> None:
    await archived.ends.objects.delete(f"manifests/{(await _manifest(archived))['_id']}")


async def manifest_resigned(archived: ArchivedExam) -> None:
    """A forger changes a manifest and signs it with a key of his own."""
    manifest, forger = await _manifest(archived), SigningKey.generate()
    payload = cbor2.loads(manifest["payload"])
    payload["made_ms"] += 1
    encoded = cbor2.dumps(payload, canonical=True)
    manifest |= {
        "payload": encoded,
        "signature": forger.sign("manifest", encoded),
        "public_key": forger.public_bytes,
    }
    await archived.ends.records.upsert(documents.MANIFESTS, [manifest])


async def manifest_changed(archived: ArchivedExam) -> None:
    manifest = await _manifest(archived)
    payload = cbor2.loads(manifest["payload"])
    payload["entries"] = payload["entries"][:-1]
    manifest["payload"] = cbor2.dumps(payload, canonical=True)
    await archived.ends.records.upsert(documents.MANIFESTS, [manifest])


async def envelope_forged(archived: ArchivedExam) -> None:
    """HPKE does not say who sealed: anybody can make an envelope for the reviewer."""
    made = archived.made
    recipient = made.reviewer.public().recipient()
    forged = seal_envelope(recipient, made.exam_id, made.attempts[0], 1, bytes(32))
    (attempt,) = await archived.ends.records.find(documents.ATTEMPTS, _id=made.attempts[0])
    attempt["envelopes"][0]["sealed_key"] = forged.sealed_key
    await archived.ends.records.upsert(documents.ATTEMPTS, [attempt])


@pytest.mark.parametrize(
    "tamper",
    [
        pack_lost,
        pack_cut,
        packs_swapped,
        one_bit,
        manifest_object_lost,
        manifest_resigned,
        manifest_changed,
        envelope_forged,
    ],
)
async def test_the_box_notices(archived: ArchivedExam, tamper: Tamper) -> None:
    made = archived.made
    async with syncer(made.state, signer=made.signer) as night:
        await night.verify()
        await tamper(archived)
        with pytest.raises(IntegrityFailure):
            await night.verify()


@pytest.mark.parametrize("tamper", [manifest_resigned, manifest_changed, envelope_forged])
async def test_the_reviewer_notices_before_anything_is_shown(
    archived: ArchivedExam, tamper: Tamper
) -> None:
    await tamper(archived)
    with pytest.raises(IntegrityFailure):
        await archived.archive().open(archived.made.exam_id)


@pytest.mark.parametrize("tamper", [packs_swapped, one_bit, pack_cut])
async def test_the_reviewer_is_shown_nothing_altered(
    archived: ArchivedExam, tamper: Tamper
) -> None:
    await tamper(archived)
    archive = archived.archive()
    opened = await archive.open(archived.made.exam_id)
    refused = 0
    for (attempt, kind, sequence), plain in archived.made.plain.items():
        try:
            assert await archive.read(opened, attempt, kind, sequence) == plain
        except IntegrityFailure:
            refused += 1
    assert refused > 0


async def test_a_manifest_signed_by_another_box_shows_its_own_fingerprint(
    archived: ArchivedExam,
) -> None:
    """Without pinned keys the reviewer compares: the forger's fingerprint is not the box's."""
    honest = (await archived.archive(pinned=False).open(archived.made.exam_id)).fingerprint
    await manifest_resigned(archived)
    forged = (await archived.archive(pinned=False).open(archived.made.exam_id)).fingerprint
    assert honest != forged
    digest = hashlib.sha256(archived.made.signing_key.public_bytes).hexdigest()
    assert honest.replace(" ", "") == digest[:32]


async def test_a_snippet_of_another_exam_under_the_right_name_does_not_open(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    """Even somebody who could sign manifests cannot pass one candidate's video for another's:
    the header inside is authenticated."""
    archive = archived.archive()
    opened = await archive.open(archived.made.exam_id)
    one, two = archived.made.attempts
    swapped = (ObjectKind.SNIPPET, 1)
    moved, theirs = opened.attempts[one].placed[swapped], opened.attempts[two]
    opened.attempts[two] = replace(theirs, placed={**theirs.placed, swapped: moved})
    with pytest.raises(IntegrityFailure):
        await archive.read(opened, two, ObjectKind.SNIPPET, 1)
