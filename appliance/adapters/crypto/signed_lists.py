"""Lists that the school's root signs and a box believes: FORMAT.md section 7.

A box trusts one root public key (`keys/root.pub`, put there with its first list of recipients) and
the highest version of a list it has seen.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cbor2
import msgspec

from appliance.adapters.crypto.public_keys import read_public_key
from appliance.adapters.crypto.signing import SigningKey, verify
from appliance.core.errors import IntegrityFailure, NotAllowed, Unreachable

ROOT = "root.pub"


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    payload: str
    root: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """One kind of list. `name` is what people call it; `purpose` what is signed for."""

    format: str
    purpose: str
    name: str

    def sign(self, root: SigningKey, fields: dict[str, Any]) -> bytes:
        """The file's content; `fields` has `version`, which grows with every list."""
        payload = cbor2.dumps(fields, canonical=True)
        document = {
            "format": self.format,
            "payload": base64.b64encode(payload).decode(),
            "root": base64.b64encode(root.public_bytes).decode(),
            "signature": base64.b64encode(root.sign(self.purpose, payload)).decode(),
        }
        return msgspec.json.format(msgspec.json.encode(document)) + b"\n"

    def read(self, content: bytes, *, root: bytes, at_least: int = 0) -> dict[str, Any]:
        """The fields, after the signature by `root`.

        Raises NotAllowed for a list of another root or older than version `at_least`,
        IntegrityFailure for one that is not signed as it stands.
        """
        try:
            file = msgspec.json.decode(content, type=_File)
            signer = base64.b64decode(file.root, validate=True)
            payload = base64.b64decode(file.payload, validate=True)
            signature = base64.b64decode(file.signature, validate=True)
        except (msgspec.DecodeError, binascii.Error) as error:
            raise self.damaged() from error
        if file.format != self.format:
            raise self.damaged()
        if signer != root:
            raise NotAllowed(
                f"This {self.name} is signed by another school's root: compare the fingerprints "
                "and do not install it."
            )
        verify(root, self.purpose, payload, signature)
        try:
            fields: dict[str, Any] = cbor2.loads(payload)
            version = fields["version"]
        except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError) as error:
            raise self.damaged() from error
        if type(version) is not int or version < 1:
            raise self.damaged()
        if version < at_least:
            raise NotAllowed(
                f"This {self.name} is version {version}; the box has seen version {at_least}. "
                "Install the newest list."
            )
        return fields

    def damaged(self) -> IntegrityFailure:
        return IntegrityFailure(f"This is not a {self.name}, or it is damaged: use another copy.")


def pinned_root(keys: Path) -> bytes | None:
    """The root's public key that a box trusts."""
    path = keys / ROOT
    return read_public_key(path).raw if path.exists() else None


def read_file(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from error
