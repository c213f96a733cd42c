"""The proof that a recovery key recovers, before anything depends on it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import combinations

from appliance.adapters.crypto import shares
from appliance.adapters.crypto.envelopes import open_envelope, seal_envelope
from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.adapters.crypto.public_keys import PublicKey
from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, ExamId
from appliance.core.keys import KEY_BYTES


def prove_recovery(public: PublicKey, parts: Sequence[str]) -> None:
    """Seal a dummy key to `public` and open it with every choice of three shares; raise
    IntegrityFailure when one choice fails."""
    exam, attempt = ExamId(secrets.token_hex(16)), AttemptId(secrets.token_hex(16))
    dummy = secrets.token_bytes(KEY_BYTES)
    envelope = seal_envelope(public.recipient(), exam, attempt, 1, dummy)
    for chosen in combinations(parts, shares.THRESHOLD):
        if open_envelope(HybridPrivateKey(shares.combine(chosen)), envelope) != dummy:
            raise IntegrityFailure("The shares do not recover: do not use this key.")
