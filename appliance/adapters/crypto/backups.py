"""A backup of a box: one file that only the school's recovery key opens. FORMAT.md section 10.

    "HVB1" ‖ length of header (4, big endian) ‖ header (deterministic CBOR) ‖ Cobblestone-256

The header says whose backup it is and holds the file's own random key, sealed for each recovery
key; it is the context of the ciphertext, so nothing in it can be changed. Written and read in one
pass; nothing of it counts before its end was reached.
"""

from __future__ import annotations

import io
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import cbor2
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from appliance.adapters.crypto.envelopes import open_envelope, seal_envelope
from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.core.errors import BadInput, IntegrityFailure, Locked
from appliance.core.ids import AttemptId, BoxId, ExamId, RecipientId
from appliance.core.keys import KEY_BYTES, Envelope, Recipient

MAGIC = b"HVB1"
_MOST_HEADER = 64 * 1024
_PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupHeader:
    """`backup` is a random id of this file."""

    box_id: BoxId
    backup: str
    made_ms: int
    envelopes: tuple[Envelope, ...]


class SealedWriter(io.RawIOBase):
    """A file object that encrypts what is written to it into `out`. Call `finish` at the end."""

    def __init__(
        self, out: BinaryIO, box: BoxId, recipients: Sequence[Recipient], made_ms: int
    ) -> None:
        super().__init__()
        if not recipients:
            raise BadInput(
                "This box knows no recovery key, so nobody could open a backup: put one on the "
                "list of recipients."
            )
        secret, backup = secrets.token_bytes(KEY_BYTES), secrets.token_hex(16)
        # Bound to box and backup, where an attempt's key is bound to exam and attempt.
        sealed = [
            seal_envelope(recipient, ExamId(box), AttemptId(backup), 0, secret)
            for recipient in recipients
        ]
        header = cbor2.dumps(
            {
                "version": 1,
                "box": box,
                "backup": backup,
                "made_ms": made_ms,
                "keys": [[e.recipient_id, e.sealed_key] for e in sealed],
            },
            canonical=True,
        )
        prefix = MAGIC + len(header).to_bytes(4, "big") + header
        self._out = out
        self._encryptor = Cobblestone256Encryptor(secret, prefix)
        out.write(prefix)

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._out.write(self._encryptor.update(bytes(piece)))
        return len(piece)

    def finish(self) -> None:
        self._out.write(self._encryptor.finalize())


def read_header(file: BinaryIO) -> tuple[BackupHeader, bytes]:
    """The header, and the bytes it stood in. Raise IntegrityFailure for any other file."""
    start = file.read(len(MAGIC) + 4)
    length = int.from_bytes(start[len(MAGIC) :], "big")
    if start[: len(MAGIC)] != MAGIC or not 0 < length <= _MOST_HEADER:
        raise _no_backup()
    encoded = file.read(length)
    try:
        fields = cbor2.loads(encoded)
        box, backup = BoxId(fields["box"]), str(fields["backup"])
        envelopes = tuple(
            Envelope(
                exam_id=ExamId(box),
                attempt_id=AttemptId(backup),
                epoch=0,
                recipient_id=RecipientId(recipient),
                sealed_key=sealed,
            )
            for recipient, sealed in fields["keys"]
        )
        made_ms = int(fields["made_ms"])
    except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError):
        raise _no_backup() from None
    header = BackupHeader(box_id=box, backup=backup, made_ms=made_ms, envelopes=envelopes)
    return header, start + encoded


def opened(file: BinaryIO, key: HybridPrivateKey) -> Iterator[bytes]:
    """What was written, piece by piece. Raise Locked for another school's recovery key,
    IntegrityFailure for a file that was cut or changed: what came before that is worth nothing."""
    header, prefix = read_header(file)
    mine = [e for e in header.envelopes if e.recipient_id == key.recipient_id]
    if not mine:
        raise Locked("These shares are of another recovery key than the backup was made for.")
    decryptor = Cobblestone256Decryptor(open_envelope(key, mine[0]), prefix)
    try:
        while piece := file.read(_PIECE):
            yield decryptor.update(piece)
        yield decryptor.finalize()
    except (InvalidTag, ValueError):
        raise IntegrityFailure(
            "The backup was cut or changed: use another copy.", code="backup-damaged"
        ) from None


def _no_backup() -> IntegrityFailure:
    return IntegrityFailure("This is not a backup of a Hallvakt box, or it is damaged.")
