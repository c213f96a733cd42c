"""The signature a candidate's page makes when it joins: ECDSA P-256 as WebCrypto writes it."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

_HALF = 32  # bytes of r and of s for P-256


class PageKeyProof:
    """Implements `services.check_in.ProofCheck`."""

    def check(self, public_key: bytes, message: bytes, signature: bytes) -> bool:
        """`public_key` is SPKI DER, `signature` IEEE P1363 (r ‖ s, 64 bytes), both as SubtleCrypto
        exports them. False for another curve, another kind of key or anything unreadable."""
        if len(signature) != 2 * _HALF:
            return False
        try:
            key = load_der_public_key(public_key)
        except (ValueError, UnsupportedAlgorithm):
            return False
        if not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
            return False
        r = int.from_bytes(signature[:_HALF], "big")
        s = int.from_bytes(signature[_HALF:], "big")
        try:
            key.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
        except InvalidSignature:
            return False
        return True
