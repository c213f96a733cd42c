"""MLKEM768-X25519 key pairs for HPKE (the KEM that draft-connolly-cfrg-xwing-kem calls X-Wing and
draft-ietf-hpke-pq registers as 0x647a), as bytes.

`cryptography` 50.0.2 has no serialisation for the hybrid keys themselves, only for their halves.
So a private key is its 32-byte seed, expanded as the draft says (section 5.2):
SHAKE-256(seed, 96) = ML-KEM-768 seed d‖z (64) ‖ X25519 scalar (32). A public key is the ML-KEM-768
encapsulation key (1184) ‖ the X25519 public key (32), as the draft has it too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

from appliance.core.errors import BadInput
from appliance.core.ids import RecipientId

SEED_BYTES = 32
_MLKEM_PUBLIC_BYTES = 1184
PUBLIC_BYTES = _MLKEM_PUBLIC_BYTES + 32


@dataclass(frozen=True, slots=True)
class HybridPrivateKey:
    """One reviewer's, officer's or recovery key."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise BadInput("A private key has 32 bytes: this is not one.")

    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = hashlib.shake_256(self.seed).digest(96)
        return (
            MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
            X25519PrivateKey.from_private_bytes(expanded[64:]),
        )

    def for_hpke(self) -> MLKEM768X25519PrivateKey:
        return MLKEM768X25519PrivateKey(*self._halves())

    @property
    def public_bytes(self) -> bytes:
        lattice, curve = self._halves()
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    @property
    def recipient_id(self) -> RecipientId:
        return recipient_id(self.public_bytes)


def public_key(raw: bytes) -> MLKEM768X25519PublicKey:
    """Raise BadInput when `raw` is not a public key."""
    try:
        return MLKEM768X25519PublicKey(
            MLKEM768PublicKey.from_public_bytes(raw[:_MLKEM_PUBLIC_BYTES]),
            X25519PublicKey.from_public_bytes(raw[_MLKEM_PUBLIC_BYTES:]),
        )
    except ValueError as error:
        raise BadInput("This is not the public key of a recipient: make a new one.") from error


def recipient_id(public: bytes) -> RecipientId:
    """The first 16 bytes of SHA-256 of the public key, in hexadecimal."""
    return RecipientId(hashlib.sha256(public).hexdigest()[:32])
