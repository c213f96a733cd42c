"""Recipients with their private keys, and a wrapping that spares the tests Argon2's memory."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.adapters.crypto.wrapping import KeyWrapping
from appliance.core.keys import Recipient, RecipientKind


@dataclass(frozen=True)
class Holder:
    """Somebody with a key: `recipient` is what a box knows of it."""

    private: HybridPrivateKey
    recipient: Recipient


def holder(kind: RecipientKind, label: str = "") -> Holder:
    """The same key every time for the same kind and label."""
    private = HybridPrivateKey(hashlib.sha256(f"{kind}/{label}".encode()).digest())
    recipient = Recipient(
        recipient_id=private.recipient_id,
        kind=kind,
        label=label,
        public_key=private.public_bytes,
    )
    return Holder(private, recipient)


REVIEWER = holder(RecipientKind.REVIEWER)
RECOVERY = holder(RecipientKind.RECOVERY)
OFFICER = holder(RecipientKind.DATA_PROTECTION_OFFICER)


class QuickWrapping(KeyWrapping):
    """The real thing but for the stretching of passphrases, which one hash does here."""

    def stretch(self, passphrase: str, salt: bytes) -> bytes:
        return hashlib.sha256(repr((passphrase, salt)).encode()).digest()
