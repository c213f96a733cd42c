"""HVO1: one sealed object. FORMAT.md section 2 is the specification.

The header is authenticated (it is part of Cobblestone's context) and is compared, byte by byte,
with the header the caller expects from its database. So an object moved to another candidate,
number or exam does not open, and nothing of a hostile file is parsed before that.
"""

from __future__ import annotations

from typing import Any

import cbor2
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor
from cryptography.exceptions import InvalidTag

from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.snippet import ObjectHeader, ObjectKind

MAGIC = b"HVO1"
VERSION = 1
# A header of version 1 has at most 108 bytes; a reader refuses more before it looks further.
MAX_HEADER_BYTES = 256
_PREFIX_BYTES = len(MAGIC) + 1 + 2


class ObjectSealing:
    """Implements `core.ports.Sealing`."""

    def seal(self, secret: bytes, header: ObjectHeader, plaintext: bytes) -> bytes:
        """Different bytes each time (24 random bytes of salt). `secret` has 32 bytes."""
        prefix = _prefix(header)
        encryptor = Cobblestone256Encryptor(secret, prefix)
        return prefix + encryptor.update(plaintext) + encryptor.finalize()

    def open(self, secret: bytes, expected: ObjectHeader, sealed: bytes) -> bytes:
        prefix = _prefix(expected)
        if sealed[: len(prefix)] != prefix:
            raise _altered()
        decryptor = Cobblestone256Decryptor(secret, prefix)
        try:
            # The decryptor releases leading chunks before the end has been seen; nothing of it
            # leaves this function until finalize() has returned.
            return decryptor.update(memoryview(sealed)[len(prefix) :]) + decryptor.finalize()
        except InvalidTag as error:
            raise _altered() from error


def encode_header(header: ObjectHeader) -> bytes:
    """Deterministic CBOR (RFC 8949, section 4.2.1) of the header map."""
    return cbor2.dumps(
        {
            "box": bytes.fromhex(header.box_id),
            "exam": bytes.fromhex(header.exam_id),
            "kind": int(header.kind),
            "epoch": header.epoch,
            "attempt": bytes.fromhex(header.attempt_id),
            "sequence": header.sequence,
        },
        canonical=True,
    )


def read_header(sealed: bytes) -> ObjectHeader:
    """What the object says of itself, NOT authenticated: to find its row again, never to open it.

    Raises IntegrityFailure for anything that `seal` would not have written.
    """
    length = int.from_bytes(sealed[5:_PREFIX_BYTES], "big")
    encoded = sealed[_PREFIX_BYTES : _PREFIX_BYTES + length]
    if sealed[:4] != MAGIC or sealed[4:5] != bytes([VERSION]) or length > MAX_HEADER_BYTES:
        raise _altered()
    try:
        header = _header(cbor2.loads(encoded))
    except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError) as error:
        raise _altered() from error
    if encode_header(header) != encoded:
        raise _altered()
    return header


def _header(fields: Any) -> ObjectHeader:
    return ObjectHeader(
        kind=ObjectKind(_number(fields["kind"])),
        box_id=BoxId(_id(fields["box"])),
        exam_id=ExamId(_id(fields["exam"])),
        attempt_id=AttemptId(_id(fields["attempt"])),
        sequence=_number(fields["sequence"]),
        epoch=_number(fields["epoch"]),
    )


def _id(raw: Any) -> str:
    if not isinstance(raw, bytes) or len(raw) != 16:
        raise ValueError("an id has 16 bytes")
    return raw.hex()


def _number(raw: Any) -> int:
    # Exactly int: CBOR also has decimal fractions, whose conversion can take for ever.
    if type(raw) is not int:
        raise ValueError("a number is an integer")
    return raw


def _prefix(header: ObjectHeader) -> bytes:
    encoded = encode_header(header)
    return MAGIC + bytes([VERSION]) + len(encoded).to_bytes(2, "big") + encoded


def _altered() -> IntegrityFailure:
    return IntegrityFailure(
        "A sealed object is not what was stored: keep it as it is and tell the data protection "
        "officer."
    )
