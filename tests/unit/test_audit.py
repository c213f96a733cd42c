"""A changed, missing, moved or cut entry shows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.audit import GENESIS, AuditEntry, entry_hash, verify
from appliance.core.errors import IntegrityFailure

FIELDS = ("actor", "action", "purpose", "about")


def log(length: int) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    previous = GENESIS
    for n in range(1, length + 1):
        texts = ("someone", "look", f"purpose-{n}", f"about-{n}")
        digest = entry_hash(previous, n, 1_000 + n, *texts)
        entries.append(
            AuditEntry(
                sequence=n,
                at_ms=1_000 + n,
                **dict(zip(FIELDS, texts, strict=True)),
                previous=previous,
                hash=digest,
            )
        )
        previous = digest
    return entries


def test_a_whole_log() -> None:
    entries = log(5)
    assert verify(entries) == 5
    assert verify(entries, head=entries[-1].hash) == 5
    assert verify([]) == 0
    assert verify([], head=GENESIS) == 0


def test_the_hash_is_what_the_format_says() -> None:
    """SHA-256(0x00, previous, then each field after its length in four bytes)."""
    assert entry_hash(GENESIS, 1, 2, "a", "b", "c", "").hex() == (
        hashlib.sha256(
            b"\x00"
            + bytes(32)
            + b"\x00\x00\x00\x011"
            + b"\x00\x00\x00\x012"
            + b"\x00\x00\x00\x01a"
            + b"\x00\x00\x00\x01b"
            + b"\x00\x00\x00\x01c"
            + b"\x00\x00\x00\x00"
        ).hexdigest()
    )


@given(st.integers(0, 4), st.sampled_from([*FIELDS, "at_ms", "sequence", "previous", "hash"]))
def test_any_changed_field_shows(index: int, name: str) -> None:
    entries = log(5)
    value = getattr(entries[index], name)
    match value:
        case int():
            other: int | str | bytes = value + 1
        case str():
            other = value + "x"
        case _:
            other = bytes(reversed(value)) if index else b"\x01" * 32
    changed: dict[str, Any] = {name: other}
    entries[index] = replace(entries[index], **changed)
    with pytest.raises(IntegrityFailure):
        verify(entries)


@given(st.integers(0, 3))
def test_a_gap_shows(index: int) -> None:
    entries = log(5)
    del entries[index]
    with pytest.raises(IntegrityFailure, match=f"entry {index + 1} is missing"):
        verify(entries)


def test_a_cut_tail_shows_against_a_head_kept_elsewhere() -> None:
    entries = log(5)
    assert verify(entries[:3]) == 3
    with pytest.raises(IntegrityFailure, match="the last entries are missing"):
        verify(entries[:3], head=entries[-1].hash)


def test_two_swapped_show() -> None:
    entries = log(5)
    entries[1], entries[2] = entries[2], entries[1]
    with pytest.raises(IntegrityFailure):
        verify(entries)


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_where_one_field_ends_and_the_next_begins_is_bound(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    first = entry_hash(GENESIS, 1, 1, *one, "", "")
    second = entry_hash(GENESIS, 1, 1, *other, "", "")
    assert (first == second) == (one == other)
