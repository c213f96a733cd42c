"""The public halves of people's keys, as small JSON files that may be sent in the open.

    {"format": "hallvakt public key 1", "kind": "reviewer", "label": "...", "public_key": base64}

Whether a file is the right person's is decided by the fingerprint that both read to each other,
and then by the school root's signature under the list of recipients.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec

from appliance.adapters.crypto import hybrid_keys, signing
from appliance.core.errors import BadInput, NotFound, Unreachable
from appliance.core.keys import Recipient, RecipientKind

ROOT = "root"
KINDS = (ROOT, *(kind.value for kind in RecipientKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """`raw`: 32 bytes of Ed25519 for the root, 1216 of MLKEM768-X25519 for the others."""

    kind: str
    label: str
    raw: bytes

    @property
    def fingerprint(self) -> str:
        """Eight groups of four hexadecimal digits; for a recipient it is the recipient id."""
        return signing.fingerprint(self.raw)

    def recipient(self) -> Recipient:
        """Raise BadInput for a root key and for bytes that are no public key."""
        if self.kind == ROOT:
            raise BadInput("A school root key receives nothing: hand in the others' .pub files.")
        hybrid_keys.public_key(self.raw)
        return Recipient(
            recipient_id=hybrid_keys.recipient_id(self.raw),
            kind=RecipientKind(self.kind),
            label=self.label,
            public_key=self.raw,
        )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal["hallvakt public key 1"]
    kind: Literal["root", "reviewer", "recovery", "data_protection_officer"]
    label: str
    public_key: str


def encode_public_key(key: PublicKey) -> bytes:
    document = {
        "format": "hallvakt public key 1",
        "kind": key.kind,
        "label": key.label,
        "public_key": base64.b64encode(key.raw).decode(),
    }
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def read_public_key(path: Path) -> PublicKey:
    """Raise NotFound, or BadInput for a file that is no public key."""
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
        raw = base64.b64decode(file.public_key, validate=True)
    except FileNotFoundError as error:
        raise NotFound(f"There is no public key file {path}: check the name.") from error
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from error
    except (msgspec.DecodeError, binascii.Error) as error:
        raise BadInput(f"{path} is not a public key file (.pub) of Hallvakt.") from error
    return PublicKey(kind=file.kind, label=file.label, raw=raw)
