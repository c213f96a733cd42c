"""What a promise's time is, on a machine that does other things as well."""

from __future__ import annotations

import pytest

from tests.support.stopwatch import to_others


@pytest.mark.parametrize(
    ("running", "share"),
    [
        (1, 0.0),  # who reads it, and nobody else
        (3, 0.0),  # each of two has a processor
        (5, 0.5),
        (9, 0.75),
    ],
)
def test_what_others_take_of_two_processors(running: int, share: float) -> None:
    assert to_others(f"0.50 0.40 0.30 {running}/288 10694", 2) == share
