"""Private keys that people keep: one file under a passphrase, and a public file beside it.

FORMAT.md section 6. The private file is a CBOR array of two byte strings: the header, and the
seed under AES-256-GCM with exactly those header bytes as additional data. So nothing in the
header (whose key it is, how the passphrase is stretched) can be changed without the file failing
to open. The public file is JSON, see public_keys.py.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cbor2

from appliance.adapters.crypto.hybrid_keys import SEED_BYTES, HybridPrivateKey
from appliance.adapters.crypto.passphrases import argon2id
from appliance.adapters.crypto.public_keys import KINDS, ROOT, PublicKey
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.crypto.wrapping import unwrap, wrap
from appliance.core.errors import (
    BadInput,
    HallvaktError,
    IntegrityFailure,
    NotAllowed,
    NotFound,
    Unreachable,
)
from appliance.whole_file import create_whole

FORMAT = "hallvakt private key"
VERSION = 1
# These files lie on laptops and sticks for years: four times the memory of a login.
MEMORY_KIB, PASSES, LANES = 256 * 1024, 3, 4
# What a reader is willing to spend on a file that somebody else may have written.
_MOST_MEMORY_KIB, _MOST_PASSES, _MOST_LANES = 1024 * 1024, 16, 16
_MOST_FILE_BYTES = 16 * 1024
_SALT_BYTES = 16
_DECIDING = b"hvo1 reviewer signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """`kind` is one of KINDS. The root's seed is an Ed25519 one, the others' a hybrid HPKE one."""

    kind: str
    label: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, kind: str, label: str) -> PrivateKey:
        return cls(kind=kind, label=label, seed=secrets.token_bytes(SEED_BYTES))

    def public(self) -> PublicKey:
        if self.kind == ROOT:
            raw = SigningKey.from_seed(self.seed).public_bytes
        else:
            raw = HybridPrivateKey(self.seed).public_bytes
        return PublicKey(kind=self.kind, label=self.label, raw=raw)

    def for_opening(self) -> HybridPrivateKey:
        """Raise BadInput for a root key, which signs and opens nothing."""
        if self.kind == ROOT:
            raise BadInput("This is a school root key: choose a reviewer's or officer's key file.")
        return HybridPrivateKey(self.seed)

    def for_signing(self) -> SigningKey:
        if self.kind != ROOT:
            raise BadInput("This is not a school root key: choose the root's key file.")
        return SigningKey.from_seed(self.seed)

    def for_deciding(self) -> SigningKey:
        """What a reviewer signs decisions and viewing receipts with: FORMAT.md section 6. Raise
        BadInput for a root key, which signs lists of recipients and nothing else."""
        if self.kind == ROOT:
            raise BadInput("This is a school root key: choose a reviewer's key file.")
        return SigningKey.from_seed(hmac.digest(self.seed, _DECIDING, "sha256"))


def write_private_key(
    path: Path,
    key: PrivateKey,
    passphrase: str,
    *,
    memory_kib: int | None = None,
    passes: int | None = None,
) -> None:
    """Create `path` (mode 0600) durably. Slow (half a second). Raise Conflict rather than
    replace a file."""
    create_whole(path, encode_private_key(key, passphrase, memory_kib=memory_kib, passes=passes))


def read_private_key(path: Path, passphrase: str) -> PrivateKey:
    """Raise NotFound, IntegrityFailure for a file that is no key file, NotAllowed for a wrong
    passphrase (or a header that was changed, which looks the same). Slow."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_FILE_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound(f"There is no key file {path}: check the name.") from error
    except OSError as error:
        raise Unreachable(f"The key file {path} cannot be read: {error.strerror}.") from error
    return decode_private_key(content, passphrase)


def encode_private_key(
    key: PrivateKey,
    passphrase: str,
    *,
    memory_kib: int | None = None,
    passes: int | None = None,
) -> bytes:
    """A key file's content; how far the passphrase is stretched (MEMORY_KIB and PASSES where
    nothing else is said) stands in it."""
    memory_kib, passes = memory_kib or MEMORY_KIB, passes or PASSES
    salt = secrets.token_bytes(_SALT_BYTES)
    header = cbor2.dumps(
        {
            "format": FORMAT,
            "version": VERSION,
            "kind": key.kind,
            "label": key.label,
            "public": key.public().raw,
            "salt": salt,
            "memory_kib": memory_kib,
            "passes": passes,
            "lanes": LANES,
        },
        canonical=True,
    )
    kek = argon2id(passphrase, salt, memory_kib=memory_kib, passes=passes, lanes=LANES)
    return cbor2.dumps([header, wrap(kek, header, key.seed)])


def decode_private_key(content: bytes, passphrase: str) -> PrivateKey:
    header, sealed, fields = _parse(content)
    kek = argon2id(
        passphrase,
        fields["salt"],
        memory_kib=fields["memory_kib"],
        passes=fields["passes"],
        lanes=fields["lanes"],
    )
    try:
        seed = unwrap(kek, header, sealed)
    except IntegrityFailure as error:
        raise NotAllowed("The passphrase does not open this key file: try again.") from error
    key = PrivateKey(kind=fields["kind"], label=fields["label"], seed=seed)
    if key.public().raw != fields["public"]:
        raise _not_a_key_file()
    return key


def _parse(content: bytes) -> tuple[bytes, bytes, dict[str, Any]]:
    if len(content) > _MOST_FILE_BYTES:
        raise _not_a_key_file()
    try:
        header, sealed = cbor2.loads(content)
        fields = cbor2.loads(header)
        checks = (
            isinstance(sealed, bytes)
            and fields["format"] == FORMAT
            and fields["version"] == VERSION
            and fields["kind"] in KINDS
            and isinstance(fields["label"], str)
            and isinstance(fields["salt"], bytes)
            and len(fields["salt"]) == _SALT_BYTES
            and _within(fields["memory_kib"], 8 * 1024, _MOST_MEMORY_KIB)
            and _within(fields["passes"], 1, _MOST_PASSES)
            and _within(fields["lanes"], 1, _MOST_LANES)
        )
    except (cbor2.CBORDecodeError, KeyError, TypeError, ValueError) as error:
        raise _not_a_key_file() from error
    if not checks:
        raise _not_a_key_file()
    return header, sealed, fields


def _within(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most


def _not_a_key_file() -> HallvaktError:
    return IntegrityFailure(
        "This is not a key file of Hallvakt, or it is damaged: use another copy."
    )
