"""Every way in which the copy in the cloud can differ from what the box sent shows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName, PackName, RecipientId
from appliance.core.manifest import (
    AttemptCount,
    Chain,
    CloseRecord,
    Entry,
    EnvelopeEntry,
    Manifest,
    PackEntry,
    check,
    check_complete,
    extend,
)
from appliance.core.manifest_payload import parse, payload
from appliance.core.snippet import ObjectHeader, ObjectKind, StoredObject

BOX, EXAM = BoxId("0" * 32), ExamId("e" * 32)
A, B = AttemptId("a" * 32), AttemptId("b" * 32)
EMPTY = Chain(box_id=BOX, exam_id=EXAM)


def stored(attempt: AttemptId, sequence: int) -> StoredObject:
    return StoredObject(
        name=ObjectName(f"{attempt[0]}{sequence}"),
        header=ObjectHeader(
            kind=ObjectKind.SNIPPET,
            box_id=BOX,
            exam_id=EXAM,
            attempt_id=attempt,
            sequence=sequence,
            epoch=1,
        ),
        size=100 + sequence,
        sha256=hashlib.sha256(f"{attempt}{sequence}".encode()).hexdigest(),
        stored_ms=0,
    )


def pack(attempt: AttemptId, number: int) -> PackEntry:
    return PackEntry(
        name=PackName(f"pack-{attempt[0]}{number}"),
        attempt_id=attempt,
        size=1,
        sha256=bytes(32),
    )


def night(chain: Chain, number: int, *, close: CloseRecord | None = None) -> Manifest:
    """Each night two snippets of two candidates, in a pack each."""
    objects = [
        (stored(who, 2 * number + i), pack(who, number).name) for who in (A, B) for i in (0, 1)
    ]
    return extend(
        chain,
        made_ms=number,
        objects=objects,
        packs=[pack(A, number), pack(B, number)],
        envelopes=[
            EnvelopeEntry(
                attempt_id=A, epoch=1, recipient_id=RecipientId("r" * 32), sha256=bytes(32)
            )
        ],
        close=close,
    )


def encoded(manifest: Manifest) -> bytes:
    return cbor2.dumps(payload(manifest), canonical=True)


def checked(chain: Chain, manifest: Manifest) -> Chain:
    return check(chain, manifest, hashlib.sha256(encoded(manifest)).digest())


def counts(snippets: int) -> tuple[AttemptCount, ...]:
    return tuple(
        AttemptCount(attempt_id=who, objects=snippets, snippets=snippets, last_sequence=snippets)
        for who in (A, B)
    )


def close_record(snippets: int) -> CloseRecord:
    return CloseRecord(
        closed_ms=9, settings_hash="ff", audit_head=bytes(32), attempts=counts(snippets)
    )


def test_three_nights_and_a_close() -> None:
    chain = EMPTY
    for number in range(3):
        close = close_record(6) if number == 2 else None
        chain = checked(chain, parse(cbor2.loads(encoded(night(chain, number, close=close)))))
    check_complete(chain)
    assert (chain.number, chain.tree.size) == (3, 13)
    assert chain.objects == {A: 6, B: 6}


def test_the_same_manifest_has_the_same_bytes() -> None:
    assert encoded(night(EMPTY, 0)) == encoded(night(EMPTY, 0))


def refusal(chain: Chain, manifest: Manifest) -> str:
    with pytest.raises(IntegrityFailure) as caught:
        checked(chain, manifest)
    return caught.value.code


def test_a_manifest_left_out_or_replayed_shows() -> None:
    first = night(EMPTY, 0)
    one = checked(EMPTY, first)
    two = checked(one, night(one, 1))
    assert refusal(EMPTY, night(one, 1)) == "chain-broken"
    assert refusal(two, night(one, 1)) == "chain-broken"
    assert refusal(one, first) == "chain-broken"
    forked = checked(EMPTY, replace(first, made_ms=5))
    assert refusal(forked, night(one, 1)) == "chain-broken"


def test_another_box_or_exam_shows() -> None:
    assert refusal(replace(EMPTY, exam_id=ExamId("f" * 32)), night(EMPTY, 0)) == "foreign"


def test_nothing_follows_the_close_record() -> None:
    closed = checked(EMPTY, night(EMPTY, 0, close=close_record(2)))
    assert refusal(closed, night(closed, 1)) == "after-close"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda e: (e[1], e[0], *e[2:]), "entry-out-of-order"),
        (lambda e: e[1:], "entry-out-of-order"),
        (lambda e: e[:-1], "wrong-root"),
        (lambda e: (*e[:-1], replace(e[-1], size=1)), "wrong-root"),
        (lambda e: (*e[:-1], replace(e[-1], sha256=bytes(32))), "wrong-root"),
        (lambda e: (*e[:-1], replace(e[-1], attempt_id=A)), "entry-out-of-order"),
        (lambda e: (*e[:-1], replace(e[-1], pack=e[0].pack)), "wrong-pack"),
        (lambda e: (*e, e[-1]), "entry-out-of-order"),
    ],
    ids=["swapped", "first-gone", "last-gone", "size", "digest", "owner", "pack", "doubled"],
)
def test_changed_entries_show(change: Any, code: str) -> None:
    manifest = night(EMPTY, 0)
    assert refusal(EMPTY, replace(manifest, entries=change(manifest.entries))) == code


def test_a_changed_close_record_shows() -> None:
    manifest = night(EMPTY, 0, close=close_record(2))
    assert refusal(EMPTY, replace(manifest, close=close_record(1))) == "wrong-root"
    assert refusal(EMPTY, replace(manifest, close=None)) == "wrong-root"


@pytest.mark.parametrize("snippets", [1, 3])
def test_counts_must_fit(snippets: int) -> None:
    chain = checked(EMPTY, night(EMPTY, 0, close=close_record(snippets)))
    with pytest.raises(IntegrityFailure) as caught:
        check_complete(chain)
    assert caught.value.code == "count-differs"


def test_an_archive_without_its_close_record_is_not_complete() -> None:
    with pytest.raises(IntegrityFailure) as caught:
        check_complete(checked(EMPTY, night(EMPTY, 0)))
    assert caught.value.code == "not-closed"


json_like = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=4), st.binary(max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=10,
)


@given(json_like)
def test_any_other_document_is_refused(document: object) -> None:
    with pytest.raises(IntegrityFailure):
        parse(document)


@given(st.sampled_from(sorted(payload(night(EMPTY, 0)))), json_like)
def test_any_other_field_is_refused_or_read_as_it_is(name: str, value: object) -> None:
    document = payload(night(EMPTY, 0, close=close_record(2))) | {name: value}
    try:
        manifest = parse(document)
    except IntegrityFailure:
        return
    assert payload(manifest) == {**document, name: payload(manifest)[name]}
    assert payload(parse(payload(manifest))) == payload(manifest)


def test_a_leaf_binds_every_field() -> None:
    entry = night(EMPTY, 0).entries[0]
    changed: list[Entry] = [
        replace(entry, name=ObjectName("x")),
        replace(entry, pack=PackName("x")),
        replace(entry, kind=ObjectKind.PORTRAIT),
        replace(entry, attempt_id=B),
        replace(entry, sequence=9),
        replace(entry, epoch=9),
        replace(entry, size=9),
        replace(entry, sha256=bytes(32)),
        replace(entry, previous=b"\x01" * 32),
    ]
    leaves = {e.leaf() for e in (entry, *changed)}
    assert len(leaves) == len(changed) + 1
