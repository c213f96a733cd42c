"""A closed exam of any number of small objects, made in seconds: rows in bulk, and one file under
many names for their ciphertext, which the night does not open."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import apsw
import cbor2

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName
from appliance.core.keys import KEY_BYTES
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject
from tests.support.bare_exam import add_bare_exam, new_id
from tests.support.closed_exam import ANY_TIME

_LINKS = 20_000  # of one file; a file system allows some 65,000


async def backlog(
    state: Path,
    cloud: CloudConfig,
    *,
    attempts: int,
    objects: int,
    size: int = 300,
    reviewer: PrivateKey | None = None,
) -> Path:
    """`objects` of `size` bytes for each of `attempts`; return the box's signing key. For
    `reviewer` each attempt also has a record that this key opens, with a line for each object."""
    for name in ("db", "run", "keys"):
        (state / name).mkdir(parents=True)
    key = state / "keys" / "box_signing.pem"
    await asyncio.to_thread(SigningKey.generate().save, key)
    config = BoxConfig(box_id=BoxId(new_id()), cloud=cloud, night=ANY_TIME)
    stores = await asyncio.to_thread(open_stores, state)
    await asyncio.to_thread(box.write, state, config)  # last, as it makes a directory a box
    bare = await add_bare_exam(stores, attempts)
    content = secrets.token_bytes(size)
    digest = hashlib.sha256(content).hexdigest()
    for attempt in bare.attempts:
        names = [new_id() for _ in range(objects)]
        await asyncio.to_thread(_link, state / "blobs", content, names)
        kind, box_id = int(ObjectKind.SNIPPET), config.box_id
        await stores.box.run(
            partial(
                _insert,
                rows=[
                    (name, kind, box_id, bare.exam, attempt, n, 1, size, digest, 1)
                    for n, name in enumerate(names, start=1)
                ],
            )
        )
        if reviewer is not None:
            await _record(stores, state, config.box_id, bare.exam, attempt, objects, reviewer)
    await stores.close()
    return key


async def _record(
    stores: Stores,
    state: Path,
    box_id: BoxId,
    exam: ExamId,
    attempt: AttemptId,
    objects: int,
    reviewer: PrivateKey,
) -> None:
    secret = secrets.token_bytes(KEY_BYTES)
    envelope = seal_envelope(reviewer.public().recipient(), exam, attempt, 1, secret)
    await stores.envelopes.add([envelope], under_live=None)
    header = ObjectHeader(
        kind=ObjectKind.RECORD,
        box_id=box_id,
        exam_id=exam,
        attempt_id=attempt,
        sequence=0,
        epoch=1,
    )
    lines = [{"sequence": n, "started_ms": 10_000 * n, "duration_s": 10.0} for n in range(objects)]
    record = {
        "version": 1,
        "attempt": attempt,
        "exam": exam,
        "seat": f"A{attempt}",
        "hall": "A",
        "title": "Bare",
        "snippets": lines,
    }
    sealed = ObjectSealing().seal(secret, header, cbor2.dumps(record, canonical=True))
    stored = StoredObject(
        name=ObjectName(new_id()),
        header=header,
        size=len(sealed),
        sha256=hashlib.sha256(sealed).hexdigest(),
        stored_ms=1,
    )
    blobs = await asyncio.to_thread(DirectoryBlobs, state / "blobs")
    await blobs.put(stored.name, sealed)
    await stores.snippets.add_object(stored)


def _insert(connection: apsw.Connection, rows: Sequence[tuple[str | int, ...]]) -> None:
    connection.executemany("INSERT INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _link(blobs: Path, content: bytes, names: list[str]) -> None:
    for group in _groups(names):
        first = _place(blobs, group[0])
        first.write_bytes(content)
        for name in group[1:]:
            os.link(first, _place(blobs, name))


def _place(blobs: Path, name: str) -> Path:
    folder = blobs / name[:2]
    folder.mkdir(parents=True, exist_ok=True)
    return folder / name


def _groups(names: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(names), _LINKS):
        yield names[at : at + _LINKS]
