"""The second opener (opener.py) for a whole archive: sections 8 and 9 of FORMAT.md."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import cbor2

from tests.vectors.opener import Rejected, join, open_object, verify

Fields = dict[str, Any]


def open_archive(
    public: bytes,
    exam: str,
    manifests: Sequence[tuple[bytes, bytes, bytes]],
    packs: Mapping[str, bytes],
    keys: Mapping[str, bytes],
) -> tuple[bytes, dict[str, bytes]]:
    """Root and plaintexts by name. `manifests` are (payload, signature, public key) in order,
    `keys` attempt keys by attempt."""
    if manifests[0][2] != public:
        raise Rejected("key")
    payloads = [_signed_payload(public, payload, signed) for payload, signed, _ in manifests]
    _check_chain(exam, [m[0] for m in manifests], payloads)
    leaves = _check_leaves(payloads)
    plain: dict[str, bytes] = {}
    _check_counts(payloads)
    for payload in payloads:
        plain |= _open_packs(payload, packs, keys)
    return tree_hash(leaves), plain


def tree_hash(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1 as it stands there, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return _sha(b"\x01" + tree_hash(leaves[:split]) + tree_hash(leaves[split:]))


def _signed_payload(public: bytes, payload: bytes, signature: bytes) -> Fields:
    verify(public, "manifest", payload, signature)
    try:
        fields: Fields = cbor2.loads(payload)
        exact = cbor2.dumps(fields, canonical=True) == payload
    except Exception as error:
        raise Rejected("exact") from error
    if not exact or fields["version"] != 1:
        raise Rejected("exact")
    return fields


def _check_chain(exam: str, raw: Sequence[bytes], payloads: Sequence[Fields]) -> None:
    previous = bytes(32)
    for number, (content, fields) in enumerate(zip(raw, payloads, strict=True), start=1):
        if number > 1 and payloads[number - 2]["close"] is not None:
            # What follows the last one may be a second copy of it, or a new one.
            raise Rejected("close" if fields["previous"] == previous else "chain")
        if (fields["exam"], fields["box"]) != (exam, payloads[0]["box"]):
            raise Rejected("chain")
        if (fields["number"], fields["previous"]) != (number, previous):
            raise Rejected("chain")
        previous = _sha(content)


def _check_leaves(payloads: Sequence[Fields]) -> list[bytes]:
    leaves: list[bytes] = []
    last: dict[str, bytes] = {}
    names: set[str] = set()
    for fields in payloads:
        before = len(leaves)
        owners = {name: attempt for name, attempt, _size, _digest in fields["packs"]}
        for row in fields["entries"]:
            name, pack, kind, attempt, sequence, epoch, size, digest, previous = row
            if previous != last.get(attempt, bytes(32)) or name in names:
                raise Rejected("entry")
            if owners.get(pack) != attempt:
                raise Rejected("entry")
            content = _words("object", name, pack, kind, attempt)
            content += _words(sequence, epoch, size) + join(digest, previous)
            last[attempt] = _sha(b"\x00" + content)
            leaves.append(last[attempt])
            names.add(name)
        if fields["close"] is not None:
            leaves.append(_close_leaf(fields["close"]))
        signed = (fields["first"], fields["tree_size"], fields["root"])
        if signed != (before, len(leaves), tree_hash(leaves)):
            raise Rejected("root")
    return leaves


def _close_leaf(close: Fields) -> bytes:
    counts = b"".join(_words(*row) for row in close["attempts"])
    content = _words("close", close["closed_ms"], close["settings_hash"])
    return _sha(b"\x00" + content + join(close["audit_head"], counts))


def _check_counts(payloads: Sequence[Fields]) -> None:
    close = payloads[-1]["close"]
    if close is None:
        raise Rejected("close")
    rows = [row for fields in payloads for row in fields["entries"]]
    there = {}
    for attempt in {row[3] for row in rows}:
        mine = [row for row in rows if row[3] == attempt]
        there[attempt] = (len(mine), len({row[4] for row in mine if row[2] == 1}))
    if there != {attempt: (objects, seen) for attempt, objects, seen, _last in close["attempts"]}:
        raise Rejected("count")


def _open_packs(
    fields: Fields, packs: Mapping[str, bytes], keys: Mapping[str, bytes]
) -> dict[str, bytes]:
    plain: dict[str, bytes] = {}
    for pack, _attempt, size, digest in fields["packs"]:
        mine = [row for row in fields["entries"] if row[1] == pack]
        if sum(row[6] for row in mine) != size:
            raise Rejected("fill")
        content = packs.get(pack, b"")
        if len(content) != size or _sha(content) != digest:
            raise Rejected("pack")
        at = 0
        for name, _pack, kind, attempt, sequence, epoch, length, sha256, _previous in mine:
            part, at = content[at : at + length], at + length
            if _sha(part) != sha256:
                raise Rejected("object")
            ids = {"box": fields["box"], "exam": fields["exam"], "attempt": attempt}
            header = {key: bytes.fromhex(value) for key, value in ids.items()}
            numbers = {"kind": kind, "sequence": sequence, "epoch": epoch}
            plain[name] = open_object(keys[attempt], header | numbers, part)
    return plain


def _words(*values: str | int) -> bytes:
    return join(*(str(value).encode() for value in values))


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
