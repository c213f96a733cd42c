"""Every frozen vector, with the product and with the second opener (opener.py)."""

from __future__ import annotations

import base64
import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.crypto import recipients, signing
from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.hybrid_keys import HybridPrivateKey
from appliance.adapters.crypto.objects import ObjectSealing, read_header
from appliance.adapters.crypto.passphrases import argon2id, live_kek
from appliance.adapters.crypto.private_keys import decode_private_key
from appliance.adapters.crypto.wrapping import unwrap
from appliance.core import errors
from appliance.core.ids import AttemptId, BoxId, ExamId, RecipientId, UserId
from appliance.core.key_contexts import live_wrap_context, under_live_context
from appliance.core.keys import Envelope
from appliance.core.snippet import ObjectHeader, ObjectKind
from tests.vectors import opener

Vector = dict[str, Any]
raw = base64.b64decode
# Argon2id is slow on purpose; the vectors share most of their passphrases.
_stretched_again = functools.cache(opener.live_kek)


@functools.cache
def _stretched(passphrase: str, salt: bytes, pepper: bytes) -> bytes:
    return live_kek(argon2id(passphrase, salt), pepper)


def vectors(name: str) -> pytest.MarkDecorator:
    found = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    assert any("fails" in v for v in found)
    return pytest.mark.parametrize("vector", [pytest.param(v, id=v["name"]) for v in found])


def check(
    vector: Vector, expected: Any, product: Callable[[], Any], second: Callable[[], Any]
) -> None:
    """Both give `expected`; or both reject, each with the error that the vector names."""
    if "fails" not in vector:
        assert product() == expected
        assert second() == expected
        return
    with pytest.raises(getattr(errors, vector["error"])) as error:
        product()
    assert type(error.value).__name__ == vector["error"]
    with pytest.raises(opener.Rejected) as rejected:
        second()
    assert rejected.value.args == (vector["fails"],)


@vectors("objects")
def test_objects(vector: Vector) -> None:
    fields = vector["header"]
    header = ObjectHeader(
        kind=ObjectKind(fields["kind"]),
        box_id=BoxId(fields["box"]),
        exam_id=ExamId(fields["exam"]),
        attempt_id=AttemptId(fields["attempt"]),
        sequence=fields["sequence"],
        epoch=fields["epoch"],
    )
    ids = {name: bytes.fromhex(fields[name]) for name in ("box", "exam", "attempt")}
    key, sealed = raw(vector["key"]), raw(vector["sealed"])
    check(
        vector,
        raw(vector.get("plain", "")),
        lambda: ObjectSealing().open(key, header, sealed),
        lambda: opener.open_object(key, fields | ids, sealed),
    )
    if "fails" not in vector:
        assert read_header(sealed) == header


@vectors("envelopes")
def test_envelopes(vector: Vector) -> None:
    private = HybridPrivateKey(raw(vector["seed"]))
    envelope = Envelope(
        exam_id=ExamId(vector["exam"]),
        attempt_id=AttemptId(vector["attempt"]),
        epoch=vector["epoch"],
        recipient_id=RecipientId(private.recipient_id),
        sealed_key=raw(vector["sealed"]),
    )
    exam, attempt = bytes.fromhex(vector["exam"]), bytes.fromhex(vector["attempt"])
    check(
        vector,
        raw(vector.get("secret", "")),
        lambda: open_envelope(private, envelope),
        lambda: opener.open_envelope(
            private.seed, exam, attempt, vector["epoch"], envelope.sealed_key
        ),
    )


@vectors("wraps")
def test_wraps(vector: Vector) -> None:
    exam, wrapped = bytes.fromhex(vector["exam"]), raw(vector["wrapped"])
    if "passphrase" in vector:
        user = bytes.fromhex(vector["user"])
        stretch = (vector["passphrase"], raw(vector["salt"]), raw(vector["pepper"]))
        kek, second_kek = _stretched(*stretch), _stretched_again(*stretch)
        context = live_wrap_context(ExamId(vector["exam"]), UserId(vector["user"]))
        second_context = opener.join(b"hvo1 live", exam, user)
    else:
        kek = second_kek = raw(vector["live"])
        attempt, epoch = bytes.fromhex(vector["attempt"]), vector["epoch"].to_bytes(8, "big")
        context = under_live_context(
            ExamId(vector["exam"]), AttemptId(vector["attempt"]), vector["epoch"]
        )
        second_context = opener.join(b"hvo1 under live", exam, attempt, epoch)
    check(
        vector,
        raw(vector.get("secret", "")),
        lambda: unwrap(kek, context, wrapped),
        lambda: opener.unwrap(second_kek, second_context, wrapped),
    )


@vectors("signatures")
def test_signatures(vector: Vector) -> None:
    public, payload, signature = (raw(vector[n]) for n in ("public", "payload", "signature"))
    check(
        vector,
        None,
        lambda: signing.verify(public, vector["purpose"], payload, signature),
        lambda: opener.verify(public, vector["purpose"], payload, signature),
    )


@vectors("key_files")
def test_key_files(vector: Vector) -> None:
    content, passphrase = raw(vector["file"]), vector["passphrase"]

    def product() -> tuple[str, str, bytes]:
        key = decode_private_key(content, passphrase)
        return key.kind, key.label, key.seed

    def second() -> tuple[str, str, bytes]:
        fields, seed = opener.open_key_file(content, passphrase)
        return fields["kind"], fields["label"], seed

    expected = (vector.get("kind"), vector.get("label"), raw(vector.get("seed", "")))
    check(vector, expected, product, second)


@vectors("recipients")
def test_recipients(vector: Vector) -> None:
    content, root, at_least = raw(vector["list"]), raw(vector["root"]), vector["at_least"]

    def product() -> tuple[int, list[str]]:
        found = recipients.read_recipients(content, root=root, at_least=at_least)
        return found.version, [r.label for r in found.recipients]

    def second() -> tuple[int, list[str]]:
        fields = opener.read_recipients(content, root, at_least)
        return fields["version"], [r["label"] for r in fields["recipients"]]

    check(vector, (vector.get("version"), vector.get("labels")), product, second)
