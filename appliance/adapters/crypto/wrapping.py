"""The key ring's port to the ciphers. FORMAT.md section 4 specifies wraps."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.crypto.passphrases import argon2id, live_kek
from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, ExamId
from appliance.core.keys import Envelope, Recipient

NONCE_BYTES = 12


class KeyWrapping:
    """Implements `core.ports.Wrapping`."""

    def envelope(
        self, recipient: Recipient, exam: ExamId, attempt: AttemptId, epoch: int, secret: bytes
    ) -> Envelope:
        return seal_envelope(recipient, exam, attempt, epoch, secret)

    def wrap_under(self, kek: bytes, context: bytes, secret: bytes) -> bytes:
        return wrap(kek, context, secret)

    def unwrap_under(self, kek: bytes, context: bytes, wrapped: bytes) -> bytes:
        return unwrap(kek, context, wrapped)

    def stretch(self, passphrase: str, salt: bytes) -> bytes:
        return argon2id(passphrase, salt)

    def peppered(self, stretched: bytes, pepper: bytes) -> bytes:
        return live_kek(stretched, pepper)


def wrap(kek: bytes, context: bytes, secret: bytes) -> bytes:
    """Random nonce (12) ‖ AES-256-GCM ciphertext ‖ tag (16). A live key wraps some thousand keys
    in its life, far below the 2^32 messages that random nonces are good for (SP 800-38D, 8.3)."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, secret, context)


def unwrap(kek: bytes, context: bytes, wrapped: bytes) -> bytes:
    try:
        return AESGCM(kek).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise IntegrityFailure(
            "A wrapped key does not open: wrong passphrase, or it was altered."
        ) from error
