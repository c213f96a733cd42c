"""The system's random generator."""

from __future__ import annotations

import secrets

# Digits and capitals without the ones that look or sound alike on paper: 0/O, 1/I/L.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class SystemRandomness:
    """Implements `core.ports.Randomness` with the `secrets` module (getrandom(2))."""

    def new_id(self) -> str:
        return secrets.token_hex(16)

    def secret(self, length: int) -> bytes:
        return secrets.token_bytes(length)

    def code(self, length: int) -> str:
        """About 4.95 bits per character: six give 29.7 bits, eight 39.6."""
        return "".join(secrets.choice(CODE_ALPHABET) for _ in range(length))
