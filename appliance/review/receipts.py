"""Who looked at what on this machine: written down before it is shown, and sent to the archive.

One line of JSON per look, in a file beside the reviewer's key that is only added to. Each line
holds the hash of the line before, so that none can be taken out without a trace; batches of lines
go to the cloud's records under the reviewer's signature, where the data protection officer reads
them.
A look that cannot be written down is not shown.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from appliance.adapters.crypto import signing
from appliance.adapters.crypto.deterministic import encode
from appliance.adapters.crypto.signing import SigningKey
from appliance.core.errors import HallvaktError, IntegrityFailure, Unreachable
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.ports import Clock, RecordCloud
from appliance.services import cloud_documents as documents
from appliance.whole_file import replace_whole, unwritable

PURPOSE = "viewing receipt"
GENESIS = "0" * 64


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """`kind` is `attempt` (its record was opened) or the kind of a picture, video or report."""

    number: int
    at_ms: int
    viewer: str
    box: str
    exam: str
    attempt: str
    kind: str
    sequence: int
    previous: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self)).hexdigest()


class Receipts:
    """`viewer` is the recipient id of the reviewer's key. The file is read when first needed."""

    def __init__(self, path: Path, key: SigningKey, viewer: str, clock: Clock) -> None:
        self._path = path
        self._key = key
        self._viewer = viewer
        self._clock = clock
        self._lock = threading.Lock()
        self._looks: list[Look] | None = None

    async def looked(
        self, box: BoxId, exam: ExamId, attempt: AttemptId, kind: str, sequence: int = 0
    ) -> None:
        """Durable when this returns. Raise Unreachable when it cannot be written."""
        await asyncio.to_thread(self._append, box, exam, attempt, kind, sequence)

    async def send(self, records: RecordCloud) -> int:
        """Lines newly in the cloud. Raise what the cloud raises; what was not sent is sent the
        next time."""
        looks = await asyncio.to_thread(self._read)
        sent = await asyncio.to_thread(self._sent)
        waiting = looks[sent:]
        for batch in _batches(waiting):
            await records.create(documents.RECEIPTS, [self._document(batch)])
        if waiting:
            await asyncio.to_thread(self._remember_sent, len(looks))
        return len(waiting)

    def _append(
        self, box: BoxId, exam: ExamId, attempt: AttemptId, kind: str, sequence: int
    ) -> None:
        with self._lock:
            looks = self._read_locked()
            look = Look(
                number=len(looks) + 1,
                at_ms=self._clock.now_ms(),
                viewer=self._viewer,
                box=box,
                exam=exam,
                attempt=attempt,
                kind=kind,
                sequence=sequence,
                previous=looks[-1].hash if looks else GENESIS,
            )
            try:
                _add_line(self._path, msgspec.json.encode(look) + b"\n")
            except OSError as error:
                raise Unreachable(
                    "What you look at cannot be written down, so nothing is shown. "
                    f"{unwritable(self._path, error).message}"
                ) from error
            looks.append(look)

    def _read(self) -> list[Look]:
        with self._lock:
            return list(self._read_locked())

    def _read_locked(self) -> list[Look]:
        if self._looks is None:
            self._looks = read_receipts(self._path)
        return self._looks

    def _document(self, batch: Sequence[Look]) -> dict[str, Any]:
        first = batch[0]
        document: dict[str, Any] = {
            "_id": hashlib.sha256(f"{first.viewer}{first.number}{batch[-1].hash}".encode())
            .digest()[:16]
            .hex(),
            "exam": first.exam,
            "box": first.box,
            "viewer": first.viewer,
            "number": first.number,
            "previous": bytes.fromhex(first.previous),
            "looked": [
                {"at_ms": k.at_ms, "attempt": k.attempt, "kind": k.kind, "sequence": k.sequence}
                for k in batch
            ],
        }
        signature = self._key.sign(PURPOSE, encode(document))
        return {**document, "signature": signature, "public_key": self._key.public_bytes}

    def _sent(self) -> int:
        try:
            return int(self._mark.read_text())
        except (OSError, ValueError):
            return 0

    def _remember_sent(self, number: int) -> None:
        replace_whole(self._mark, str(number).encode())

    @property
    def _mark(self) -> Path:
        return self._path.with_name(f"{self._path.name}.sent")


def _add_line(path: Path, line: bytes) -> None:
    """Whole or not at all; raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "ab", buffering=0) as file:
        before = file.tell()
        try:
            if file.write(line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        except OSError:
            file.truncate(before)  # half a line would stand before the next one
            raise


def read_receipts(path: Path) -> list[Look]:
    """Raise IntegrityFailure where a line is missing or was changed. A last line that a power cut
    left half is dropped: what it was for was not shown."""
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from error
    looks: list[Look] = []
    if lines[-1]:
        with path.open("r+b") as file:
            file.truncate(sum(len(line) + 1 for line in lines[:-1]))
    for line in lines[:-1]:
        try:
            look = msgspec.json.decode(line, type=Look)
        except msgspec.DecodeError:
            raise _broken(path) from None
        if (look.number, look.previous) != (len(looks) + 1, looks[-1].hash if looks else GENESIS):
            raise _broken(path)
        looks.append(look)
    return looks


async def sent_receipts(records: RecordCloud, exam: ExamId) -> list[dict[str, Any]]:
    """What reviewers looked at, as the cloud has it, oldest first; each with `fingerprint`. A batch
    whose signature does not fit is an IntegrityFailure."""
    found = []
    for document in await records.find(documents.RECEIPTS, exam=exam):
        signed = {k: v for k, v in document.items() if k not in ("signature", "public_key")}
        signing.verify(document["public_key"], PURPOSE, encode(signed), document["signature"])
        for look in document["looked"]:
            found.append(
                {
                    **look,
                    "viewer": document["viewer"],
                    "fingerprint": signing.fingerprint(document["public_key"]),
                }
            )
    return sorted(found, key=lambda look: look["at_ms"])


async def send_quietly(receipts: Receipts, records: RecordCloud) -> str:
    """What is wrong, in a sentence, or nothing: reviewing goes on, and it is tried again."""
    try:
        await receipts.send(records)
    except HallvaktError as error:
        return error.message
    return ""


def _batches(looks: Sequence[Look]) -> list[list[Look]]:
    """Of one exam each, in order, at most 500."""
    batches: list[list[Look]] = []
    for look in looks:
        if not batches or batches[-1][0].exam != look.exam or len(batches[-1]) >= 500:
            batches.append([])
        batches[-1].append(look)
    return batches


def _broken(path: Path) -> IntegrityFailure:
    return IntegrityFailure(
        f"{path} says who looked at what and was changed: keep it, tell the data protection "
        "officer, and name another file with --receipts."
    )
