"""The candidate's own key, as the page has it: proves that a returning page is the one that
joined (see POST /join in web/openapi.yaml)."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

_COORDINATE_BYTES = 32  # P-256


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class PageKey:
    """ECDSA P-256; signatures in the fixed-length form that WebCrypto makes (IEEE P1363)."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    def public(self) -> str:
        """SubjectPublicKeyInfo, DER, base64url without padding."""
        return _base64url(
            self._key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )

    def sign_join(self, exam_code: str, seat_code: str, nonce: str) -> str:
        text = f"hallvakt-join\n{exam_code}\n{seat_code}\n{nonce}".encode()
        r, s = decode_dss_signature(self._key.sign(text, ec.ECDSA(hashes.SHA256())))
        return _base64url(
            r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
        )
