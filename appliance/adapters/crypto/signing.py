"""Ed25519 signatures that say what they are for. FORMAT.md section 5.

What is signed is the label `hallvakt signature`, the purpose and the payload, each behind its
length, so a signature made for one purpose is none for another.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from appliance.adapters.crypto.framing import join
from appliance.core.errors import IntegrityFailure, WrongConfiguration
from appliance.whole_file import create_whole

_LABEL = b"hallvakt signature"


class SigningKey:
    """A box's or a school root's signing key; `repr` shows nothing of it."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """`seed` has 32 bytes (RFC 8032, section 5.1.5)."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def load(cls, path: Path) -> SigningKey:
        """From a PEM file without passphrase: the box's own key, on a disk only root reads."""
        try:
            private = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise WrongConfiguration(
                f"The box's signing key {path} cannot be read: see who may read it, or bring it "
                "back from a backup with `hallvakt backup restore` into an empty directory."
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise WrongConfiguration(f"The key in {path.name} is not an Ed25519 key.")
        return cls(private)

    def save(self, path: Path) -> None:
        """Create `path` (mode 0600) durably; refuse to replace a file."""
        pem = self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        create_whole(path, pem)

    def seed(self) -> bytes:
        return self._private.private_bytes_raw()

    @property
    def public_bytes(self) -> bytes:
        """32 bytes."""
        return self._private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        return key_id(self.public_bytes)

    def sign(self, purpose: str, payload: bytes) -> bytes:
        """64 bytes."""
        return self._private.sign(_message(purpose, payload))


def verify(public: bytes, purpose: str, payload: bytes, signature: bytes) -> None:
    """Raise IntegrityFailure unless `signature` is `public`'s, for this purpose and payload."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, _message(purpose, payload))
    except (InvalidSignature, ValueError) as error:
        raise IntegrityFailure(
            f"The signature of the {purpose} is not valid: do not use it, ask who made it."
        ) from error


def key_id(public: bytes) -> str:
    """The first 16 bytes of SHA-256 of the public key, in hexadecimal."""
    return hashlib.sha256(public).hexdigest()[:32]


def fingerprint(public: bytes) -> str:
    """What people read to each other: the key id in eight groups of four."""
    name = key_id(public)
    return " ".join(name[start : start + 4] for start in range(0, 32, 4))


def _message(purpose: str, payload: bytes) -> bytes:
    return join(_LABEL, purpose.encode(), payload)
