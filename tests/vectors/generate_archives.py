"""The vectors of packs, manifests and recovery shares, for `generate.py`.

An archive is a small exam in two manifests: two attempts, three packs, a close record. Each bad one
is what somebody could do who holds the cloud copy, or a box that signs what does not add up.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cbor2

from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.shares import split
from appliance.adapters.crypto.signing import SigningKey
from appliance.core import manifest as manifests
from appliance.core import manifest_payload, merkle
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, PackName, RecipientId
from appliance.core.manifest import (
    AttemptCount,
    Chain,
    CloseRecord,
    Entry,
    EnvelopeEntry,
    Manifest,
    PackEntry,
)
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject

BOX, EXAM = BoxId("b0" * 16), ExamId("e0" * 16)
ONE, TWO = AttemptId("a0" * 16), AttemptId("a1" * 16)
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
SIGNER, ATTACKER = SigningKey.from_seed(KEY), SigningKey.from_seed(OTHER_KEY)
P1, P2, P3 = (PackName(digit * 32) for digit in "123")
Vector = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """Two manifests that are right, and the bytes of the packs."""

    first: Manifest
    last: Manifest
    packs: Mapping[str, bytes]
    plain: Mapping[str, bytes]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def archives() -> list[Vector]:
    made = _made()
    one, two = made.first, made.last
    good = [_signed(one), _signed(two)]
    opened = {name: b64(plain) for name, plain in made.plain.items()}

    def vector(
        name: str, signed: list[Vector], fails: str = "", code: str = "", **packs: bytes
    ) -> Vector:
        held = {key: b64(raw) for key, raw in {**made.packs, **packs}.items() if raw}
        entry: Vector = {"name": name, "exam": EXAM, "public": b64(SIGNER.public_bytes)}
        entry |= {"manifests": signed, "packs": held, "key": b64(KEY)}
        if fails:
            return entry | {"fails": fails, "error": "IntegrityFailure", "code": code}
        return entry | {"root": b64(two.root), "objects": opened}

    def first(**changes: Any) -> list[Vector]:
        """The first manifest changed and signed, the last as one that follows it."""
        changed = replace(one, **changes)
        return [_signed(changed), _signed(replace(two, previous=_digest(changed)))]

    pack = made.packs[P1]
    size = one.entries[0].size
    swapped = pack[size:] + pack[:size]
    assert len(swapped) == 2 * size  # both objects have the same size
    a, b, *others = one.entries
    beyond = _relinked(one, [replace(a), replace(b, size=b.size + 1), *others])
    longer = replace(one.packs[0], size=len(pack) + 1, sha256=_sha(pack + b"\x00"))
    other = replace(one.packs[0], sha256=_sha(swapped))
    foreign = _relinked(one, [a, replace(b, pack=P2), *others])
    twice = _relinked(one, [a, replace(a), *others])
    assert two.close is not None
    fewer = replace(two.close, attempts=two.close.attempts[1:])
    missing = tuple(replace(c, objects=c.objects + 1) for c in two.close.attempts)
    third = replace(two, number=3, previous=_digest(two), first=two.tree_size, entries=(), packs=())
    payload = good[1]["payload"]
    return [
        vector("an exam in two manifests", good),
        vector("the last root is wrong", [good[0], _signed(replace(two, root=one.root))],
               "root", "wrong-root"),
        vector("the first root is wrong", first(root=merkle.EMPTY_ROOT), "root", "wrong-root"),
        vector("more leaves than there are", [good[0], _signed(replace(two, tree_size=99))],
               "root", "wrong-root"),
        vector("entries swapped", first(entries=(b, a, *others)), "entry", "entry-out-of-order"),
        vector("an entry left out", first(entries=(b, *others)), "entry", "entry-out-of-order"),
        vector("an object twice", _two(made, twice), "entry", "object-twice"),
        vector("an object in another attempt's pack", [_signed(foreign)], "entry", "wrong-pack"),
        vector("objects swapped in the pack", good, "pack", "pack-changed", **{P1: swapped}),
        vector("objects swapped, the pack's digest signed", first(packs=(other, *one.packs[1:])),
               "object", "object-changed", **{P1: swapped}),
        vector("a pack that is another one", good, "pack", "pack-changed",
               **{P1: made.packs[P2][: len(pack)].ljust(len(pack), b"\x00")}),
        vector("a pack is missing", good, "pack", "pack-missing", **{P1: b""}),
        vector("the tail of a pack is missing", good, "pack", "pack-size", **{P1: pack[:-1]}),
        vector("bytes after a pack", good, "pack", "pack-size", **{P1: pack + b"\x00"}),
        vector("bytes after a pack, signed", first(packs=(longer, *one.packs[1:])),
               "fill", "pack-size", **{P1: pack + b"\x00"}),
        vector("an object beyond its pack", _two(made, beyond), "fill", "pack-size"),
        vector("the last manifest is missing", good[:1], "close", "not-closed"),
        vector("the first manifest is missing", good[1:], "chain", "chain-broken"),
        vector("the first manifest again", [good[0], good[0]], "chain", "chain-broken"),
        vector("the last manifest again", [*good, good[1]], "chain", "chain-broken"),
        vector("another first manifest", [_signed(replace(one, made_ms=1)), good[1]],
               "chain", "chain-broken"),
        vector("a manifest of another exam",
               [good[0], _signed(replace(two, exam_id=ExamId("e1" * 16)))], "chain", "foreign"),
        vector("a manifest after the close record", [*good, _signed(third)],
               "close", "after-close"),
        vector("the close record leaves an attempt out", _closed(made, fewer),
               "count", "count-differs"),
        vector("the close record counts more",
               _closed(made, replace(two.close, attempts=missing)), "count", "count-differs"),
        vector("signed by an attacker", [_signed(one, ATTACKER), _signed(two, ATTACKER)],
               "key", "foreign-key"),
        vector("signed by an attacker, who names the box's key",
               [good[0], _signed(two, ATTACKER) | {"public_key": b64(SIGNER.public_bytes)}],
               "signature", "integrity-failure"),
        vector("signed for another purpose",
               [good[0], _signed(two, purpose="tombstone")], "signature", "integrity-failure"),
        vector("payload changed",
               [good[0], good[1] | {"payload": b64(base64.b64decode(payload)[:-1] + b"\x01")}],
               "signature", "integrity-failure"),
        vector("bytes after a manifest", [good[0], good[1] | {"payload": _longer(payload)}],
               "signature", "integrity-failure"),
        vector("bytes after a manifest, signed",
               [good[0], _sign(base64.b64decode(_longer(payload)))], "exact", "not-exact"),
        vector("a manifest cut short, signed",
               [good[0], _sign(base64.b64decode(payload)[:-1])], "exact", "not-exact"),
    ]  # fmt: skip


def shares() -> list[Vector]:
    words, others = split(KEY), split(OTHER_KEY)
    wrong = words[1].rsplit(" ", 1)[0] + " academic"
    assert wrong != words[1]

    def vector(name: str, given: list[str], fails: str = "") -> Vector:
        entry: Vector = {"name": name, "shares": given}
        return entry | ({"fails": fails, "error": "BadInput"} if fails else {"seed": b64(KEY)})

    return [
        vector("the first three", list(words[:3])),
        vector("the last three, in another order", [words[4], words[2], words[3]]),
        vector("two", list(words[:2]), "shares"),
        vector("one of them twice", [words[0], words[0], words[1]], "shares"),
        vector("a word mistyped", [words[0], wrong, words[2]], "shares"),
        vector("one of another key", [words[0], words[1], others[2]], "shares"),
    ]


def _made() -> Made:
    plan: list[tuple[PackName, AttemptId, ObjectKind, int, bytes]] = [
        (P1, ONE, ObjectKind.SNIPPET, 1, b"first"),
        (P1, ONE, ObjectKind.SNIPPET, 2, b"other"),
        (P2, TWO, ObjectKind.PORTRAIT, 0, b"a portrait"),
        (P2, TWO, ObjectKind.SNIPPET, 1, b"of two"),
        (P3, ONE, ObjectKind.RECORD, 0, b"a record"),
    ]
    packs: dict[str, bytes] = {P1: b"", P2: b"", P3: b""}
    plain: dict[str, bytes] = {}
    rows: list[tuple[StoredObject, PackName]] = []
    for number, (pack, attempt, kind, sequence, content) in enumerate(plan):
        header = ObjectHeader(
            kind=kind, box_id=BOX, exam_id=EXAM, attempt_id=attempt, sequence=sequence, epoch=1
        )
        sealed = ObjectSealing().seal(KEY, header, content)
        name = ObjectName(f"{number:x}f" * 16)
        digest = _sha(sealed).hex()
        stored = StoredObject(
            name=name, header=header, size=len(sealed), sha256=digest, stored_ms=0
        )
        packs[pack] += sealed
        plain[name] = content
        rows.append((stored, pack))
    listed = [
        PackEntry(name=name, attempt_id=attempt, size=len(packs[name]), sha256=_sha(packs[name]))
        for name, attempt in ((P1, ONE), (P2, TWO), (P3, ONE))
    ]
    envelope = EnvelopeEntry(
        attempt_id=ONE, epoch=1, recipient_id=RecipientId("c0" * 16), sha256=_sha(b"sealed key")
    )
    close = CloseRecord(
        closed_ms=1_700_000_000_000,
        settings_hash=_sha(b"settings").hex(),
        audit_head=_sha(b"audit"),
        attempts=(
            AttemptCount(attempt_id=ONE, objects=3, snippets=2, last_sequence=2),
            AttemptCount(attempt_id=TWO, objects=2, snippets=1, last_sequence=1),
        ),
    )
    chain = Chain(box_id=BOX, exam_id=EXAM)
    one = manifests.extend(
        chain, made_ms=1_700_000_000_001, objects=rows[:4], packs=listed[:2], envelopes=[envelope]
    )
    chain = manifests.check(chain, one, _digest(one))
    two = manifests.extend(
        chain, made_ms=1_700_000_000_002, objects=rows[4:], packs=listed[2:], close=close
    )
    return Made(one, two, packs, plain)


def _relinked(manifest: Manifest, entries: list[Entry]) -> Manifest:
    """With other entries, everything else made to fit them: what a lying box would sign."""
    last: dict[AttemptId, bytes] = {}
    linked = []
    for entry in entries:
        link = replace(entry, previous=last.get(entry.attempt_id, manifests.GENESIS))
        last[entry.attempt_id] = link.leaf()
        linked.append(link)
    root = merkle.root([entry.leaf() for entry in linked])
    return replace(manifest, entries=tuple(linked), tree_size=len(linked), root=root)


def _two(made: Made, first: Manifest) -> list[Vector]:
    """`first`, and the last manifest made to follow it."""
    chain = manifests.check(Chain(box_id=BOX, exam_id=EXAM), first, _digest(first))
    (entry,) = made.last.entries
    entry = replace(entry, previous=chain.last_leaf[entry.attempt_id])
    assert made.last.close is not None
    root = chain.tree.grown([entry.leaf(), made.last.close.leaf()]).root
    last = replace(made.last, previous=chain.head, entries=(entry,), root=root)
    return [_signed(first), _signed(last)]


def _closed(made: Made, close: CloseRecord) -> list[Vector]:
    """The good exam with another close record, its root made to fit."""
    leaves = [e.leaf() for e in (*made.first.entries, *made.last.entries)] + [close.leaf()]
    return [_signed(made.first), _signed(replace(made.last, close=close, root=merkle.root(leaves)))]


def _signed(manifest: Manifest, signer: SigningKey = SIGNER, purpose: str = "manifest") -> Vector:
    return _sign(_payload(manifest), signer, purpose)


def _sign(payload: bytes, signer: SigningKey = SIGNER, purpose: str = "manifest") -> Vector:
    signature = signer.sign(purpose, payload)
    return {
        "payload": b64(payload),
        "signature": b64(signature),
        "public_key": b64(signer.public_bytes),
    }


def _longer(payload: str) -> str:
    return b64(base64.b64decode(payload) + b"\x00")


def _payload(manifest: Manifest) -> bytes:
    return cbor2.dumps(manifest_payload.payload(manifest), canonical=True)


def _digest(manifest: Manifest) -> bytes:
    return _sha(_payload(manifest))


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()
