"""What a passphrase is turned into: a key that wraps, or a hash that a login is checked against.

Passphrases are normalised to NFC, so that one typed on another keyboard or system is the same.
"""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.core.keys import KEY_BYTES

# RFC 9106, section 4, second recommended option (64 MiB): about 150 ms on a box of two cores.
MEMORY_KIB, PASSES, LANES = 64 * 1024, 3, 4
_LIVE_LABEL = b"hvo1 live kek"


def normalised(passphrase: str) -> bytes:
    return unicodedata.normalize("NFC", passphrase).encode()


def argon2id(
    passphrase: str,
    salt: bytes,
    *,
    memory_kib: int = MEMORY_KIB,
    passes: int = PASSES,
    lanes: int = LANES,
) -> bytes:
    """32 bytes. Slow: call it in a thread. Releases the interpreter lock."""
    return hash_secret_raw(
        normalised(passphrase),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=lanes,
        hash_len=KEY_BYTES,
        type=Type.ID,
    )


def live_kek(stretched: bytes, pepper: bytes) -> bytes:
    """The key that wraps an exam's live key for one person, from a stretched passphrase: of no use
    without the pepper, which is another file, nor without the passphrase, which is nowhere."""
    return HKDF(SHA256(), KEY_BYTES, salt=pepper, info=_LIVE_LABEL).derive(stretched)


class PassphraseHashes:
    """Argon2id in PHC form for logins. Every method is slow: call it in a thread."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

    def hash(self, passphrase: str) -> str:
        return self._hasher.hash(normalised(passphrase))

    def verify(self, kept: str, passphrase: str) -> bool:
        """False for a wrong passphrase and for a hash that is none."""
        try:
            return self._hasher.verify(kept, normalised(passphrase))
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Made with other parameters than today's: hash anew after the next login. Not slow."""
        try:
            return self._hasher.check_needs_rehash(kept)
        except InvalidHashError:
            return True
