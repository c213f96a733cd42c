"""Somebody who has a copy of everything on a box, and tries every byte of it as a key."""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.wrapping import KeyWrapping
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config import box
from appliance.core.errors import HallvaktError
from appliance.core.ids import AttemptId, ExamId, UserId
from appliance.core.key_contexts import live_wrap_context, under_live_context
from appliance.core.keys import KEY_BYTES, Envelope
from appliance.core.snippet import ObjectHeader, ObjectKind


@dataclass(slots=True)
class Loot:
    """`tried`: how many different keys; `held`: how many sealed things there were to open."""

    tried: int = 0
    held: int = 0
    opened: list[str] = field(default_factory=list)


async def steal(
    state: Path,
    *,
    passphrases: Collection[str] = (),
    more_keys: Collection[bytes] = (),
) -> Loot:
    """Try everything on the copy in `state`, with guessed `passphrases`. `more_keys` is the control
    experiment: what else the thief would need."""
    keys = set(await asyncio.to_thread(_every_key, state)) | set(more_keys)
    stores = await asyncio.to_thread(open_stores, state)
    loot = Loot(tried=len(keys))
    try:
        exams = [exam.exam_id for exam in await stores.exams.all()]
        for exam in exams:
            keys |= await asyncio.to_thread(_unwrapped, state, exam, keys, passphrases)
            keys |= await _under_live(stores, exam, keys)
        envelopes = [e for exam in exams for e in await _envelopes(stores, exam)]
        keys |= await asyncio.to_thread(_opened_envelopes, envelopes, keys)
        for name, header, sealed in await _sealed(state, stores, exams):
            loot.held += 1
            for key in keys:
                with suppress(HallvaktError):
                    ObjectSealing().open(key, header, sealed)
                    loot.opened.append(name)
                    break
    finally:
        await stores.close()
    return loot


def _every_key(state: Path) -> Iterator[bytes]:
    """Every run of 32 bytes in key files, as it is and out of base64 and hexadecimal; and every
    value of that size in the databases."""
    for path in (*(state / "keys").rglob("*"), *(state / "live").rglob("*"), *_tls(state)):
        if path.is_file():
            content = path.read_bytes()
            for form in (content, *_decoded(content)):
                yield from (form[n : n + KEY_BYTES] for n in range(len(form) - KEY_BYTES + 1))
    for path in (state / "db").glob("*.db"):
        with closing(sqlite3.connect(path)) as database:
            tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            for (table,) in tables.fetchall():
                for row in database.execute(f"SELECT * FROM {table}"):
                    yield from (v for v in map(_as_key, row) if v is not None)


def _tls(state: Path) -> Iterator[Path]:
    return (state / "tls").glob("*.key")


def _decoded(content: bytes) -> Iterator[bytes]:
    for line_block in (content, b"".join(content.split(b"-----")[2:3])):
        with suppress(ValueError):
            yield base64.b64decode(line_block, validate=False)
    with suppress(ValueError):
        yield bytes.fromhex(content.decode("ascii", "ignore").strip())


def _as_key(value: object) -> bytes | None:
    if isinstance(value, bytes) and len(value) == KEY_BYTES:
        return value
    if isinstance(value, str) and len(value) == 2 * KEY_BYTES:
        with suppress(ValueError):
            return bytes.fromhex(value)
    return None


def _unwrapped(
    state: Path, exam: ExamId, keys: Collection[bytes], passphrases: Collection[str]
) -> set[bytes]:
    files, wrapping, found = LiveKeyFiles(state / "live"), KeyWrapping(), set()
    for wrap in files.wraps(exam):
        pepper = files.pepper(exam)
        keks = [
            *keys,
            *(wrapping.peppered(wrapping.stretch(p, wrap.salt), pepper) for p in passphrases),
        ]
        for kek in keks:
            with suppress(HallvaktError):
                context = live_wrap_context(exam, UserId(wrap.user_id))
                found.add(wrapping.unwrap_under(kek, context, wrap.wrapped))
    return found


async def _under_live(stores: Stores, exam: ExamId, keys: Collection[bytes]) -> set[bytes]:
    found = set()
    for attempt, epoch, wrapped in await stores.envelopes.under_live(exam):
        for key in keys:
            with suppress(HallvaktError):
                context = under_live_context(exam, attempt, epoch)
                found.add(KeyWrapping().unwrap_under(key, context, wrapped))
    return found


async def _envelopes(stores: Stores, exam: ExamId) -> list[Envelope]:
    attempts = [a.attempt_id for a in await stores.attempts.of_exam(exam)]
    return [
        envelope
        for attempt in (*attempts, AttemptId(exam))
        for envelope in await stores.envelopes.of_attempt(attempt)
    ]


def _opened_envelopes(envelopes: list[Envelope], seeds: Collection[bytes]) -> set[bytes]:
    """Only the key whose public half has the recipient's id can open an envelope, so every seed
    is turned into its key, and tried where the id is its own."""
    found = set()
    wanted = {envelope.recipient_id for envelope in envelopes}
    for seed in seeds:
        private = PrivateKey(kind="reviewer", label="thief", seed=seed).for_opening()
        if private.recipient_id not in wanted:
            continue
        for envelope in envelopes:
            with suppress(HallvaktError):
                found.add(open_envelope(private, envelope))
    return found


async def _sealed(
    state: Path, stores: Stores, exams: list[ExamId]
) -> list[tuple[str, ObjectHeader, bytes]]:
    blobs = await asyncio.to_thread(DirectoryBlobs, state / "blobs")
    box_id = (await asyncio.to_thread(box.load, state)).box_id
    found = []
    for exam in exams:
        for stored in await stores.snippets.objects_of_exam(exam):
            name = f"{stored.header.kind.name} {stored.header.sequence}"
            found.append((name, stored.header, await blobs.get(stored.name)))
        names = await stores.identities.get(exam)
        if names is not None:
            header = ObjectHeader(
                kind=ObjectKind.IDENTITY,
                box_id=box_id,
                exam_id=exam,
                attempt_id=AttemptId(exam),
                sequence=0,
                epoch=0,
            )
            found.append(("names", header, names))
    return found
