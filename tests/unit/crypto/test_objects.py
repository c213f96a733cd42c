"""HVO1 under hypothesis: what was sealed opens, and nothing else does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.adapters.crypto.objects import (
    MAX_HEADER_BYTES,
    ObjectSealing,
    encode_header,
    read_header,
)
from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.snippet import ObjectHeader, ObjectKind

KEY = bytes(range(32))
CHUNK = 16 * 1024 + 16
ids = st.binary(min_size=16, max_size=16).map(bytes.hex)
headers = st.builds(
    ObjectHeader,
    kind=st.sampled_from(ObjectKind),
    box_id=ids.map(BoxId),
    exam_id=ids.map(ExamId),
    attempt_id=ids.map(AttemptId),
    sequence=st.integers(0, 2**63 - 1),
    epoch=st.integers(0, 2**63 - 1),
)
HEADER = ObjectHeader(
    kind=ObjectKind.SNIPPET,
    box_id=BoxId("0b" * 16),
    exam_id=ExamId("0e" * 16),
    attempt_id=AttemptId("0a" * 16),
    sequence=3,
    epoch=1,
)
PLAIN = bytes(range(251)) * 200  # four chunks, all different
SEALED = ObjectSealing().seal(KEY, HEADER, PLAIN)
BODY = len(SEALED) - len(PLAIN) - 4 * 16  # where the first chunk begins


@given(headers, st.binary(max_size=40_000))
def test_what_was_sealed_opens(header: ObjectHeader, plain: bytes) -> None:
    sealed = ObjectSealing().seal(KEY, header, plain)
    assert ObjectSealing().open(KEY, header, sealed) == plain
    assert read_header(sealed) == header
    assert len(encode_header(header)) <= MAX_HEADER_BYTES


@given(headers, headers)
def test_under_another_header_nothing_opens(one: ObjectHeader, two: ObjectHeader) -> None:
    sealed = ObjectSealing().seal(KEY, one, b"text")
    if one != two:
        with pytest.raises(IntegrityFailure):
            ObjectSealing().open(KEY, two, sealed)


@settings(max_examples=1500)
@given(st.integers(0, len(SEALED) * 8 - 1))
def test_no_flipped_bit_is_accepted(bit: int) -> None:
    changed = bytearray(SEALED)
    changed[bit // 8] ^= 1 << bit % 8
    with pytest.raises(IntegrityFailure):
        ObjectSealing().open(KEY, HEADER, bytes(changed))


@given(st.integers(0, len(SEALED) - 1))
def test_no_cut_is_accepted(length: int) -> None:
    with pytest.raises(IntegrityFailure):
        ObjectSealing().open(KEY, HEADER, SEALED[:length])


@pytest.mark.parametrize("chunks", range(4))
def test_no_cut_between_chunks_is_accepted(chunks: int) -> None:
    with pytest.raises(IntegrityFailure):
        ObjectSealing().open(KEY, HEADER, SEALED[: BODY + chunks * CHUNK])


@given(st.binary(min_size=1, max_size=CHUNK + 50))
def test_nothing_can_be_appended(more: bytes) -> None:
    with pytest.raises(IntegrityFailure):
        ObjectSealing().open(KEY, HEADER, SEALED + more)


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
def test_chunks_open_in_their_order_only(order: list[int]) -> None:
    chunks = [SEALED[BODY + n * CHUNK : BODY + (n + 1) * CHUNK] for n in range(4)]
    made = SEALED[:BODY] + b"".join(chunks[n] for n in order)
    if order == [0, 1, 2, 3]:
        assert ObjectSealing().open(KEY, HEADER, made) == PLAIN
    else:
        with pytest.raises(IntegrityFailure):
            ObjectSealing().open(KEY, HEADER, made)


def test_the_same_text_is_never_the_same_bytes() -> None:
    assert len({ObjectSealing().seal(KEY, HEADER, b"x") for _ in range(50)}) == 50


@settings(max_examples=1000)
@given(st.binary(max_size=300))
def test_a_hostile_file_is_an_integrity_failure_and_nothing_worse(content: bytes) -> None:
    for file in (content, b"HVO1\x01" + len(content).to_bytes(2, "big") + content):
        for read in (read_header, lambda f: ObjectSealing().open(KEY, HEADER, f)):
            with pytest.raises(IntegrityFailure):
                read(file)


@pytest.mark.parametrize(
    "header",
    [
        bytes.fromhex("81" * 250),  # arrays, ever deeper
        bytes.fromhex("c4821a7fffffff01"),  # a decimal fraction with two thousand million digits
        bytes.fromhex("9affffffff"),  # an array that says it is long
        bytes.fromhex("5bffffffffffffffff"),  # a string that says it is longer
    ],
)
def test_expensive_headers_cost_nothing(header: bytes) -> None:
    with pytest.raises(IntegrityFailure):
        read_header(b"HVO1\x01" + len(header).to_bytes(2, "big") + header)
