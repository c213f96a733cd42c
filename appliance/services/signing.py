"""How a service that holds no key gets a signature, and how one is checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

MANIFEST = "manifest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Ed25519: 64 bytes of signature, 32 bytes of public key."""

    signature: bytes
    public_key: bytes


class Signer(Protocol):
    """The gateway holds the box's signing key; others ask it over its Unix socket."""

    async def sign(self, purpose: str, payload: bytes) -> Signed: ...


Verify = Callable[[bytes, str, bytes, bytes], None]
"""(public key, purpose, payload, signature); raises IntegrityFailure."""

Encode = Callable[[object], bytes]
"""Deterministic CBOR (RFC 8949 section 4.2)."""

Decode = Callable[[bytes], object]
"""CBOR; only for bytes whose signature or seal was checked before."""
