"""A second opener, written from appliance/adapters/crypto/FORMAT.md alone, out of primitives:
AES-GCM, HKDF, ML-KEM-768, X25519, SHA-3, SLIP-39. It shares no code with the product, so what it
opens shows that the document says all there is to say. Sections 8 and 9: archive_opener.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from typing import Any

import cbor2
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from shamir_mnemonic import MnemonicError, combine_mnemonics

CHUNK, TAG = 16 * 1024, 16


class Rejected(Exception):
    """The argument is the failure's name in the vectors."""


def join(*fields: bytes) -> bytes:
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


def expand(hash_name: str, prk: bytes, info: bytes, length: int) -> bytes:
    """HKDF-Expand, RFC 5869 section 2.3."""
    out, block, n = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(prk, block + info + bytes([n]), hash_name)
        out, n = out + block, n + 1
    return out[:length]


def extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), ikm, "sha256")


# --- section 2 -------------------------------------------------------------------------------


def open_object(key: bytes, expected: dict[str, Any], sealed: bytes) -> bytes:
    header = cbor2.dumps(expected, canonical=True)
    prefix = b"HVO1" + b"\x01" + len(header).to_bytes(2, "big") + header
    if not sealed.startswith(prefix):
        raise Rejected("header")
    rest = sealed[len(prefix) :]
    if len(rest) < 56 + TAG:
        raise Rejected("truncated")
    salt, commitment, chunks = rest[:24], rest[24:56], rest[56:]
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\x00" + salt + prefix
    derived = expand("sha512", key, info, 32 + 12 + 32)
    if derived[44:] != commitment:
        raise Rejected("commitment")
    cipher, base, plain = AESGCM(derived[:32]), int.from_bytes(derived[32:44], "big"), b""
    for n in range(len(chunks) // (CHUNK + TAG) + 1):
        chunk = chunks[n * (CHUNK + TAG) : (n + 1) * (CHUNK + TAG)]
        if len(chunk) < TAG:
            raise Rejected("truncated")
        try:
            plain += cipher.decrypt((base ^ n).to_bytes(12, "big"), chunk, None)
        except Exception as error:
            raise Rejected("chunk") from error
    return plain


# --- section 3 -------------------------------------------------------------------------------


def open_envelope(seed: bytes, exam: bytes, attempt: bytes, epoch: int, sealed: bytes) -> bytes:
    if len(sealed) != 1168:
        raise Rejected("envelope")
    expanded = hashlib.shake_256(seed).digest(96)
    lattice = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
    curve = X25519PrivateKey.from_private_bytes(expanded[64:])
    curve_public = curve.public_key().public_bytes_raw()
    public = lattice.public_key().public_bytes_raw() + curve_public
    encapsulated, ciphertext = sealed[:1120], sealed[1120:]
    curve_sent = encapsulated[1088:]
    shared = hashlib.sha3_256(
        lattice.decapsulate(encapsulated[:1088])
        + curve.exchange(X25519PublicKey.from_public_bytes(curve_sent))
        + curve_sent
        + curve_public
        + bytes.fromhex("5c2e2f2f5e5c")  # the label of X-Wing
    ).digest()
    recipient = hashlib.sha256(public).digest()[:16]
    info = join(b"hvo1 envelope", exam, attempt, epoch.to_bytes(8, "big"), recipient)
    key, nonce = _hpke_key_schedule(shared, info)
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, None)
    except Exception as error:
        raise Rejected("envelope") from error


def _hpke_key_schedule(shared: bytes, info: bytes) -> tuple[bytes, bytes]:
    """RFC 9180 section 5.1, base mode; KEM 0x647a, KDF 0x0001, AEAD 0x0002."""
    suite = b"HPKE" + bytes.fromhex("647a00010002")

    def labelled_extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
        return extract(salt, b"HPKE-v1" + suite + label + ikm)

    def labelled_expand(prk: bytes, label: bytes, context: bytes, length: int) -> bytes:
        text = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context
        return expand("sha256", prk, text, length)

    context = (
        b"\x00"
        + labelled_extract(b"", b"psk_id_hash", b"")
        + labelled_extract(b"", b"info_hash", info)
    )
    secret = labelled_extract(shared, b"secret", b"")
    return (
        labelled_expand(secret, b"key", context, 32),
        labelled_expand(secret, b"base_nonce", context, 12),
    )


# --- sections 4 to 7 -------------------------------------------------------------------------


def unwrap(kek: bytes, context: bytes, wrapped: bytes) -> bytes:
    try:
        return AESGCM(kek).decrypt(wrapped[:12], wrapped[12:], context)
    except Exception as error:
        raise Rejected("wrap") from error


def live_kek(passphrase: str, salt: bytes, pepper: bytes) -> bytes:
    stretched = _argon2id(passphrase, salt, 64 * 1024, 3, 4)
    return expand("sha256", extract(pepper, stretched), b"hvo1 live kek", 32)


def verify(public: bytes, purpose: str, payload: bytes, signature: bytes) -> None:
    message = join(b"hallvakt signature", purpose.encode(), payload)
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except Exception as error:
        raise Rejected("signature") from error


def open_key_file(content: bytes, passphrase: str) -> tuple[dict[str, Any], bytes]:
    header, sealed = cbor2.loads(content)
    fields = cbor2.loads(header)
    cost = (fields["memory_kib"], fields["passes"], fields["lanes"])
    return fields, unwrap(_argon2id(passphrase, fields["salt"], *cost), header, sealed)


def read_recipients(content: bytes, root: bytes, at_least: int) -> dict[str, Any]:
    document = json.loads(content)
    if base64.b64decode(document["root"]) != root:
        raise Rejected("root")
    payload = base64.b64decode(document["payload"])
    verify(root, "recipients", payload, base64.b64decode(document["signature"]))
    fields: dict[str, Any] = cbor2.loads(payload)
    if fields["version"] < at_least:
        raise Rejected("version")
    return fields


def combine_shares(shares: list[str]) -> bytes:
    try:
        seed: bytes = combine_mnemonics(shares)
    except MnemonicError as error:
        raise Rejected("shares") from error
    return seed


def _argon2id(passphrase: str, salt: bytes, memory_kib: int, passes: int, lanes: int) -> bytes:
    return hash_secret_raw(
        unicodedata.normalize("NFC", passphrase).encode(),
        salt,
        time_cost=passes,
        memory_cost=memory_kib,
        parallelism=lanes,
        hash_len=32,
        type=Type.ID,
    )
