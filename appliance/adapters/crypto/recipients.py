"""The list of those whose keys open an exam's archive, signed by the school root.

FORMAT.md section 7. A box trusts one root public key (`keys/root.pub`, put there when the box was
made) and the highest version it has seen: an unsigned list, an attacker's list and last year's
list are all refused.
"""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cbor2
import msgspec

from appliance.adapters.crypto.public_keys import PublicKey, encode_public_key, read_public_key
from appliance.adapters.crypto.signing import SigningKey, verify
from appliance.core.errors import (
    BadInput,
    IntegrityFailure,
    NotAllowed,
    NotFound,
    Unreachable,
)
from appliance.core.keys import Recipient

PURPOSE = "recipients"
_FORMAT = "hallvakt recipients 1"
_ROOT = "root.pub"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientList:
    """`version` grows with every list a root signs; `root` is the root's public key."""

    version: int
    recipients: tuple[Recipient, ...]
    root: bytes


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: Literal["hallvakt recipients 1"]
    payload: str
    root: str
    signature: str


def sign_recipients(root: SigningKey, version: int, keys: Sequence[PublicKey]) -> bytes:
    """The content of a recipients.json. Raise BadInput when a key is there twice, is no
    recipient's, or nobody on the list can review."""
    recipients = [key.recipient() for key in keys]
    if len({recipient.recipient_id for recipient in recipients}) != len(recipients):
        raise BadInput("The same public key is given twice: give each once.")
    if not any(recipient.kind == "reviewer" for recipient in recipients):
        raise BadInput("No reviewer is among the keys: nobody could review an exam. Add one.")
    payload = cbor2.dumps(
        {
            "version": version,
            "recipients": [
                {"kind": r.kind.value, "label": r.label, "public_key": r.public_key}
                for r in recipients
            ],
        },
        canonical=True,
    )
    document = {
        "format": _FORMAT,
        "payload": base64.b64encode(payload).decode(),
        "root": base64.b64encode(root.public_bytes).decode(),
        "signature": base64.b64encode(root.sign(PURPOSE, payload)).decode(),
    }
    return msgspec.json.format(msgspec.json.encode(document)) + b"\n"


def read_recipients(content: bytes, *, root: bytes, at_least: int = 0) -> RecipientList:
    """Check the signature by `root`, then read the list.

    Raises NotAllowed for a list signed by another root or older than version `at_least`,
    IntegrityFailure for one that is not signed as it stands.
    """
    try:
        file = msgspec.json.decode(content, type=_File)
        signer = base64.b64decode(file.root, validate=True)
        payload = base64.b64decode(file.payload, validate=True)
        signature = base64.b64decode(file.signature, validate=True)
    except (msgspec.DecodeError, binascii.Error) as error:
        raise _not_a_list() from error
    if signer != root:
        raise NotAllowed(
            "This list of recipients is signed by another school's root: compare the fingerprints "
            "and do not install it."
        )
    verify(root, PURPOSE, payload, signature)
    version, recipients = _parse(payload)
    if version < at_least:
        raise NotAllowed(
            f"This list of recipients is version {version}; the box has seen version {at_least}. "
            "Install the newest list."
        )
    return RecipientList(version=version, recipients=recipients, root=root)


def load_recipients(keys: Path) -> RecipientList:
    """The list a box uses, out of its `keys` directory. Raise NotFound when none was installed."""
    pinned, content = _pinned(keys), _read(keys / "recipients.json")
    if pinned is None or content is None:
        raise NotFound(
            "This box has no list of recipients: install one with `hallvakt keys recipients "
            "install`."
        )
    return read_recipients(content, root=pinned)


def install_recipients(
    keys: Path, content: bytes, *, root: PublicKey | None = None
) -> RecipientList:
    """Put a list into a box's `keys` directory, after all checks. The first needs `root`, the
    public key whose fingerprint was compared; later ones must be of that root and not older.
    """
    pinned = _pinned(keys)
    trusted = pinned if root is None else root.raw
    if trusted is None:
        raise NotAllowed(
            "This box knows no school root yet: give the root's .pub file with the first list."
        )
    if pinned is not None and pinned != trusted:
        raise NotAllowed("This box belongs to another school root: it takes no other.")
    current = _read(keys / "recipients.json")
    seen = read_recipients(current, root=trusted).version if current is not None else 0
    installed = read_recipients(content, root=trusted, at_least=seen)
    if root is not None:
        _replace(keys / _ROOT, encode_public_key(root))
    _replace(keys / "recipients.json", content)
    return installed


def _pinned(keys: Path) -> bytes | None:
    path = keys / _ROOT
    return read_public_key(path).raw if path.exists() else None


def _parse(payload: bytes) -> tuple[int, tuple[Recipient, ...]]:
    try:
        fields: dict[str, Any] = cbor2.loads(payload)
        version = fields["version"]
        recipients = tuple(
            PublicKey(kind=r["kind"], label=r["label"], raw=r["public_key"]).recipient()
            for r in fields["recipients"]
        )
    except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError) as error:
        raise _not_a_list() from error
    if type(version) is not int or version < 1:
        raise _not_a_list()
    return version, recipients


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unreachable(f"{path} cannot be read: {error.strerror}.") from error


def _replace(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
        descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise Unreachable(f"{path} cannot be written: {error.strerror}.") from error


def _not_a_list() -> IntegrityFailure:
    return IntegrityFailure("This is not a list of recipients, or it is damaged: use another copy.")
