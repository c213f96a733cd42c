"""Where one attempt's objects lie, packed and found again."""

from __future__ import annotations

import secrets
from dataclasses import replace

import pytest

from appliance.core.errors import IntegrityFailure
from appliance.core.ids import AttemptId, ObjectName, PackName
from appliance.core.manifest import Entry
from appliance.core.snippet import ObjectKind
from appliance.services.placed_rows import Placed, PlacedRows

ATTEMPT, PACKS = AttemptId("a" * 32), [PackName("1" * 32), PackName("2" * 32)]


def _placed(sequence: int, pack: int = 0, kind: ObjectKind = ObjectKind.SNIPPET) -> Placed:
    entry = Entry(
        name=ObjectName(secrets.token_hex(16)),
        pack=PACKS[pack],
        kind=kind,
        attempt_id=ATTEMPT,
        sequence=sequence,
        epoch=2,
        size=200_000 + sequence,
        sha256=secrets.token_bytes(32),
        previous=secrets.token_bytes(32),
    )
    return Placed(entry=entry, offset=1_000 * sequence)


def test_what_went_in_comes_out() -> None:
    rows, all_ = PlacedRows(ATTEMPT, PACKS), [_placed(1), _placed(2, 1)]
    all_.append(_placed(1, 1, ObjectKind.THUMBNAIL))
    for placed in all_:
        rows.add(placed, PACKS.index(placed.entry.pack))
    assert dict(rows) == {(p.entry.kind, p.entry.sequence): p for p in all_}
    assert (ObjectKind.RECORD, 0) not in rows


def test_of_two_the_later_counts() -> None:
    rows, first, second = PlacedRows(ATTEMPT, PACKS), _placed(1), _placed(1)
    rows.add(first, 0)
    rows.add(second, 0)
    assert dict(rows) == {(ObjectKind.SNIPPET, 1): second}
    assert len(rows) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ObjectName("x" * 32)},
        {"name": ObjectName("ab")},
        {"sequence": -1},
        {"size": 2**32},
        {"sha256": b"short"},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    placed = _placed(1)
    changed = replace(placed, entry=replace(placed.entry, **wrong))  # type: ignore[arg-type]
    with pytest.raises(IntegrityFailure):
        PlacedRows(ATTEMPT, PACKS).add(changed, 0)
