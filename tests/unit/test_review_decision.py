"""One key opens for review; a finding needs a second reviewer (ruling 7)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.errors import BadInput, IntegrityFailure, NotAllowed
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.review_decision import (
    GENESIS,
    MAX_TEXT,
    ReviewDecision,
    Signed,
    Standing,
    Verdict,
    check,
    parse,
    payload,
    standing,
)

ONE, TWO, STRANGER = b"1" * 32, b"2" * 32, b"x" * 32
FIRST = ReviewDecision(
    box_id=BoxId("b" * 32),
    exam_id=ExamId("e" * 32),
    attempt_id=AttemptId("a" * 32),
    number=1,
    previous=GENESIS,
    decided_ms=1,
    reviewer="Anna",
    verdict=Verdict.FINDING,
    reason="Two people in view.",
)
SECOND = replace(FIRST, number=2, reviewer="Bo", answers=1, agrees=True, reason="I saw it too.")


def _signed(decision: ReviewDecision, key: bytes = ONE, *, known: bool = True) -> Signed:
    return Signed(decision=decision, public_key=key, known=known)


def test_nothing_said() -> None:
    assert standing([]) is Standing.OPEN


def test_no_finding_needs_nobody_else() -> None:
    assert standing([_signed(replace(FIRST, verdict=Verdict.NO_FINDING))]) is Standing.NO_FINDING


def test_a_finding_waits_unless_the_policy_says_otherwise() -> None:
    assert standing([_signed(FIRST)]) is Standing.AWAITING_SECOND
    assert standing([_signed(FIRST)], second_needed=False) is Standing.FINDING


@pytest.mark.parametrize(
    ("agrees", "key", "known", "found"),
    [
        (True, TWO, True, Standing.FINDING),
        (False, TWO, True, Standing.DISAGREED),
        (True, ONE, True, Standing.AWAITING_SECOND),  # the same person again
        (True, STRANGER, False, Standing.AWAITING_SECOND),  # nobody the school knows
    ],
)
def test_the_second_word(agrees: bool, key: bytes, known: bool, found: Standing) -> None:
    second = _signed(replace(SECOND, agrees=agrees), key, known=known)
    assert standing([_signed(FIRST), second]) is found


def test_even_with_one_reviewer_a_colleague_s_no_counts() -> None:
    said = [_signed(FIRST), _signed(replace(SECOND, agrees=False), TWO)]
    assert standing(said, second_needed=False) is Standing.DISAGREED


def test_the_last_first_word_counts() -> None:
    said = [_signed(FIRST), _signed(SECOND, TWO)]
    again = replace(FIRST, number=3, verdict=Verdict.NO_FINDING, reason="It was the teacher.")
    assert standing([*said, _signed(again, TWO)]) is Standing.NO_FINDING


def test_a_stranger_s_finding_does_not_count() -> None:
    assert standing([_signed(FIRST, STRANGER, known=False)]) is Standing.OPEN


def test_a_second_reviewer_is_another_person() -> None:
    check(SECOND, [_signed(FIRST)], TWO)
    with pytest.raises(NotAllowed, match="another person"):
        check(SECOND, [_signed(FIRST)], ONE)


@pytest.mark.parametrize(
    "wrong",
    [
        replace(FIRST, reason="  "),
        replace(FIRST, reason="x" * (MAX_TEXT + 1)),
        replace(FIRST, answer="x" * (MAX_TEXT + 1)),
        replace(SECOND, answers=9),
    ],
)
def test_what_cannot_be_said(wrong: ReviewDecision) -> None:
    with pytest.raises(BadInput):
        check(wrong, [_signed(FIRST)], TWO)


def test_nobody_seconds_that_there_is_nothing() -> None:
    nothing = _signed(replace(FIRST, verdict=Verdict.NO_FINDING))
    with pytest.raises(BadInput, match="Only a finding"):
        check(SECOND, [nothing], TWO)


@pytest.mark.parametrize("decision", [FIRST, SECOND])
def test_there_and_back(decision: ReviewDecision) -> None:
    assert parse(payload(decision)) == decision


@pytest.mark.parametrize(
    "wrong", [None, {}, payload(FIRST) | {"verdict": "guilty"}, payload(FIRST) | {"version": 2}]
)
def test_another_shape(wrong: object) -> None:
    with pytest.raises(IntegrityFailure):
        parse(wrong)
