"""Writes the frozen vectors: `python -m tests.vectors.generate DIRECTORY [NAME...]`.

Salts and nonces are random, so a new run gives other bytes. The files beside this one are not to
be made again for a format that is in use: they prove that what was sealed years ago still opens.
Bytes are base64. A bad vector names the product's error and the second opener's reason.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.passphrases import argon2id, live_kek
from appliance.adapters.crypto.private_keys import PrivateKey, encode_private_key
from appliance.adapters.crypto.recipients import sign_recipients
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.crypto.wrapping import wrap
from appliance.core.ids import AttemptId, BoxId, ExamId, UserId
from appliance.core.key_contexts import live_wrap_context, under_live_context
from appliance.core.snippet import ObjectHeader, ObjectKind
from tests.vectors.generate_archives import archives, shares

BOX, EXAM, ATTEMPT, OTHER, USER = ("b0" * 16, "e0" * 16, "a0" * 16, "a1" * 16, "50" * 16)
KEY, OTHER_KEY = bytes(range(32)), bytes(range(1, 33))
Vector = dict[str, Any]


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def objects() -> list[Vector]:
    def header(**changes: Any) -> dict[str, Any]:
        fields = {"kind": 1, "box": BOX, "exam": EXAM, "attempt": ATTEMPT}
        return {**fields, "sequence": 7, "epoch": 2, **changes}

    def sealed(fields: dict[str, Any], plain: bytes) -> bytes:
        exact = ObjectHeader(
            kind=ObjectKind(fields["kind"]),
            box_id=BoxId(fields["box"]),
            exam_id=ExamId(fields["exam"]),
            attempt_id=AttemptId(fields["attempt"]),
            sequence=fields["sequence"],
            epoch=fields["epoch"],
        )
        return ObjectSealing().seal(KEY, exact, plain)

    def vector(name: str, content: bytes, fails: str = "", **changes: Any) -> Vector:
        key = changes.pop("key", KEY)
        entry = {"name": name, "key": b64(key), "header": header(**changes)}
        entry["sealed"] = b64(content)
        return entry | ({"fails": fails, "error": "IntegrityFailure"} if fails else {})

    small = sealed(header(), b"a plain sentence")
    start = small.index(b"sequence") + len(b"sequence") + 1  # the salt follows the last field
    large = sealed(header(), bytes(range(256)) * 80)  # a full chunk and a short one
    body = start + 56
    chunk = 16 * 1024 + 16
    first, second = large[body : body + chunk], large[body + chunk :]
    wide = {"kind": 6, "sequence": 2**40, "epoch": 2**33, "attempt": EXAM}
    good: list[tuple[str, bytes, dict[str, Any]]] = [
        ("empty", b"", {}),
        ("one byte below a chunk", bytes(16383), {}),
        ("exactly one chunk", bytes(16384), {}),
        ("identity with long numbers", b"names", wide),
    ]
    return [
        vector("a sentence", small) | {"plain": b64(b"a plain sentence")},
        vector("two chunks", large) | {"plain": b64(bytes(range(256)) * 80)},
        *(
            vector(name, sealed(header(**c), plain), **c) | {"plain": b64(plain)}
            for name, plain, c in good
        ),
        vector("another magic", b"HVO2" + small[4:], "header"),
        vector("another version", small[:4] + b"\x02" + small[5:], "header"),
        vector("a header length of 65535", small[:5] + b"\xff\xff" + small[7:], "header"),
        vector("a header that ends early", small[: start - 10], "header"),
        vector("only magic", b"HVO1", "header"),
        vector("nothing at all", b"", "header"),
        vector("another candidate's object", small, "header", attempt=OTHER),
        vector("another number", small, "header", sequence=8),
        vector("another epoch", small, "header", epoch=1),
        vector("another kind", small, "header", kind=3),
        vector("another box", small, "header", box="b1" * 16),
        vector(
            "another number, header rewritten to fit",
            small.replace(b"sequence\x07", b"sequence\x08"),
            "commitment",
            sequence=8,
        ),
        vector("another key", small, "commitment", key=OTHER_KEY),
        vector("salt changed", _flip(small, start), "commitment"),
        vector("commitment changed", _flip(small, start + 24), "commitment"),
        vector("first byte of the text changed", _flip(small, start + 56), "chunk"),
        vector("last byte of the tag changed", _flip(small, len(small) - 1), "chunk"),
        vector("last byte missing", small[:-1], "chunk"),
        vector("one byte more", small + b"\x00", "chunk"),
        vector("no chunk at all", small[:body], "truncated"),
        vector("last chunk missing", large[: body + chunk], "truncated"),
        vector("first chunk missing", large[:body] + second, "chunk"),
        vector("chunks swapped", large[:body] + second + first, "chunk"),
        vector("first chunk twice", large[:body] + first + first + second, "chunk"),
        vector("last chunk twice", large + second, "chunk"),
    ]


def envelopes() -> list[Vector]:
    key = PrivateKey(kind="reviewer", label="", seed=KEY)
    who = key.public().recipient()
    sealed = seal_envelope(who, ExamId(EXAM), AttemptId(ATTEMPT), 2, OTHER_KEY).sealed_key

    def vector(name: str, content: bytes = sealed, fails: str = "", **changes: Any) -> Vector:
        fields = {"exam": EXAM, "attempt": ATTEMPT, "epoch": 2, "seed": b64(KEY)}
        entry = {"name": name, **fields, **changes, "sealed": b64(content)}
        return entry | ({"fails": fails, "error": "IntegrityFailure"} if fails else {})

    return [
        vector("an attempt key") | {"secret": b64(OTHER_KEY)},
        vector("another attempt", fails="envelope", attempt=OTHER),
        vector("another exam", fails="envelope", exam="e1" * 16),
        vector("another epoch", fails="envelope", epoch=3),
        vector("another recipient", fails="envelope", seed=b64(OTHER_KEY)),
        vector("ML-KEM part changed", _flip(sealed, 0), "envelope"),
        vector("X25519 part changed", _flip(sealed, 1088), "envelope"),
        vector("key changed", _flip(sealed, 1120), "envelope"),
        vector("cut", sealed[:-1], "envelope"),
        vector("empty", b"", "envelope"),
    ]


def wraps() -> list[Vector]:
    salt, pepper, phrase = bytes(16), bytes(range(32, 64)), "korrekt häst batteri"
    live = live_wrap_context(ExamId(EXAM), UserId(USER))
    under = under_live_context(ExamId(EXAM), AttemptId(ATTEMPT), 2)
    of_live = wrap(live_kek(argon2id(phrase, salt), pepper), live, KEY)
    of_attempt = wrap(KEY, under, OTHER_KEY)

    def by_phrase(name: str, content: bytes = of_live, fails: str = "", **changes: Any) -> Vector:
        fields = {"passphrase": phrase, "salt": b64(salt), "pepper": b64(pepper)}
        entry = {"name": name, **fields, "exam": EXAM, "user": USER, **changes}
        entry["wrapped"] = b64(content)
        return entry | ({"fails": fails, "error": "IntegrityFailure"} if fails else {})

    def by_live(name: str, fails: str = "", **changes: Any) -> Vector:
        fields = {"live": b64(KEY), "exam": EXAM, "attempt": ATTEMPT, "epoch": 2}
        entry = {"name": name, **fields, **changes, "wrapped": b64(of_attempt)}
        return entry | ({"fails": fails, "error": "IntegrityFailure"} if fails else {})

    return [
        by_phrase("a live key") | {"secret": b64(KEY)},
        by_phrase("the passphrase in decomposed form", passphrase="korrekt ha\u0308st batteri")
        | {"secret": b64(KEY)},
        by_phrase("another passphrase", fails="wrap", passphrase="korrekt hast batteri"),
        by_phrase("another pepper", fails="wrap", pepper=b64(salt + salt)),
        by_phrase("another salt", fails="wrap", salt=b64(b"\x01" * 16)),
        by_phrase("another user", fails="wrap", user="51" * 16),
        by_phrase("another exam", fails="wrap", exam="e1" * 16),
        by_phrase("changed", _flip(of_live, 20), "wrap"),
        by_phrase("cut", of_live[:10], "wrap"),
        by_live("an attempt key under the live key") | {"secret": b64(OTHER_KEY)},
        by_live("another attempt", "wrap", attempt=OTHER),
        by_live("the epoch before", "wrap", epoch=1),
        by_live("another live key", "wrap", live=b64(OTHER_KEY)),
    ]


def signatures() -> list[Vector]:
    signer = SigningKey.from_seed(KEY)
    payload = b"what was signed"
    good = signer.sign("manifest", payload)

    def vector(name: str, fails: str = "", **changes: Any) -> Vector:
        fields = {"public": b64(signer.public_bytes), "purpose": "manifest"}
        entry = {"name": name, **fields, "payload": b64(payload), "signature": b64(good), **changes}
        return entry | ({"fails": fails, "error": "IntegrityFailure"} if fails else {})

    attacker = SigningKey.from_seed(OTHER_KEY)
    return [
        vector("a manifest"),
        vector("another purpose", "signature", purpose="recipients"),
        vector("another payload", "signature", payload=b64(b"What was signed")),
        vector("another key", "signature", public=b64(attacker.public_bytes)),
        vector("changed", "signature", signature=b64(_flip(good, 3))),
        vector("cut", "signature", signature=b64(good[:63])),
        vector(
            "moved into the purpose", "signature", purpose="manifestw", payload=b64(payload[1:])
        ),
        vector("a key that is none", "signature", public=b64(b"\xff" * 31)),
    ]


def key_files() -> list[Vector]:
    reviewer = PrivateKey(kind="reviewer", label="Granskare å", seed=KEY)
    root = PrivateKey(kind="root", label="root", seed=OTHER_KEY)
    file, root_file = (encode_private_key(key, "lösenord") for key in (reviewer, root))

    def vector(name: str, content: bytes, fails: str = "", error: str = "", **more: Any) -> Vector:
        entry = {"name": name, "file": b64(content), "passphrase": "lösenord", **more}
        return entry | ({"fails": fails, "error": error} if fails else {})

    return [
        vector("a reviewer's", file, kind="reviewer", seed=b64(KEY), label="Granskare å"),
        vector("a root's", root_file, kind="root", seed=b64(OTHER_KEY), label="root"),
        vector("another passphrase", file, "wrap", "NotAllowed", passphrase="losenord"),
        vector("label changed", file.replace("å".encode(), "ä".encode()), "wrap", "NotAllowed"),
        vector("seed changed", _flip(file, len(file) - 1), "wrap", "NotAllowed"),
        vector("kind changed", file.replace(b"reviewer", b"recovery"), "wrap", "NotAllowed"),
    ]


def lists() -> list[Vector]:
    root, attacker = SigningKey.from_seed(KEY), SigningKey.from_seed(OTHER_KEY)
    kinds = ("reviewer", "recovery", "data_protection_officer")
    keys = [
        PrivateKey(kind=kind, label=f"{kind} ö", seed=bytes([n]) * 32).public()
        for n, kind in enumerate(kinds)
    ]
    good, forged = sign_recipients(root, 4, keys), sign_recipients(attacker, 9, keys)
    document, evil = json.loads(good), json.loads(forged)

    def vector(name: str, content: bytes, fails: str = "", error: str = "") -> Vector:
        entry = {"name": name, "list": b64(content), "root": b64(root.public_bytes), "at_least": 4}
        return entry | ({"fails": fails, "error": error} if fails else {})

    def changed(**fields: Any) -> bytes:
        return json.dumps(document | fields).encode()

    return [
        vector("three recipients", good) | {"version": 4, "labels": [k.label for k in keys]},
        vector("last year's list", sign_recipients(root, 3, keys), "version", "NotAllowed"),
        vector("signed by an attacker", forged, "root", "NotAllowed"),
        vector(
            "signed by an attacker, who names our root",
            changed(payload=evil["payload"], signature=evil["signature"]),
            "signature",
            "IntegrityFailure",
        ),
        vector("unsigned", changed(signature=""), "signature", "IntegrityFailure"),
        vector(
            "payload changed", changed(payload=evil["payload"]), "signature", "IntegrityFailure"
        ),
    ]


def _flip(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ 0x01]) + content[at + 1 :]


ALL: dict[str, Callable[[], list[Vector]]] = {
    "objects": objects,
    "envelopes": envelopes,
    "wraps": wraps,
    "signatures": signatures,
    "key_files": key_files,
    "recipients": lists,
    "archives": archives,
    "shares": shares,
}

if __name__ == "__main__":
    for _name in sys.argv[2:] or ALL:
        _text = json.dumps(ALL[_name](), indent=1, ensure_ascii=False)
        (Path(sys.argv[1]) / f"{_name}.json").write_text(_text + "\n", encoding="utf-8")
