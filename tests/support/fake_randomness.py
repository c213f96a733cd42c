"""Randomness that is the same in every run, and different in every call."""

from __future__ import annotations

import hashlib

_CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class FakeRandomness:
    """Implements `core.ports.Randomness`: SHAKE-256 of a seed and a counter."""

    def __init__(self, seed: str = "tests") -> None:
        self._seed = seed
        self._calls = 0

    def secret(self, length: int) -> bytes:
        self._calls += 1
        return hashlib.shake_256(f"{self._seed}/{self._calls}".encode()).digest(length)

    def new_id(self) -> str:
        return self.secret(16).hex()

    def code(self, length: int) -> str:
        return "".join(_CODE_ALPHABET[byte % len(_CODE_ALPHABET)] for byte in self.secret(length))
