"""How the certificate is judged: the box's own, and one that a school brings."""

from __future__ import annotations

import pytest

from appliance.core.checkup import Check, CheckStatus
from appliance.core.checkup_certificate import (
    ServedCertificate,
    certificate,
    not_carried,
)

OK, WARN, FAIL = CheckStatus.OK, CheckStatus.WARN, CheckStatus.FAIL
NAMES = ("exam.school.example", "10.20.0.5", "localhost", "127.0.0.1", "::1")


def judged(
    days_left: float,
    authority_days: float | None,
    *missing: str,
    warned_at: str = "",
    starts_in: float = -1.0,
    alone: bool = False,
    called_public: bool = False,
) -> Check:
    seen = ServedCertificate(
        days_left=days_left, authority_days=authority_days, starts_in=starts_in, alone=alone
    )
    return certificate(seen, NAMES, missing, warned_at=warned_at, called_public=called_public)


@pytest.mark.parametrize(
    ("check", "wanted"),
    [
        (judged(300, 3000), OK),
        (judged(20, 3000), OK),  # renewed at the next start
        (judged(20, None), WARN),
        (judged(31, None), OK),
        (judged(29, None), WARN),
        (judged(-1, 3000), FAIL),
        (judged(-1, None), FAIL),
        (judged(300, 3000, "exam.school.example"), FAIL),
        (judged(300, 31), OK),
        (judged(300, 29), WARN),  # nobody renews the authority itself
        (judged(300, -1), FAIL),
        (judged(300, 3000, warned_at="exambox.local"), WARN),
        (judged(-1, 3000, warned_at="exambox.local"), FAIL),
        (judged(300, 3000, starts_in=0.5), FAIL),
        (judged(300, None, starts_in=0.5), FAIL),
        (judged(300, 3000, called_public=True), WARN),  # phones would be sent there
        (judged(300, None, called_public=True), OK),
        (judged(90, None, alone=True), WARN),
        (judged(90, None, "exam.school.example"), FAIL),  # the slips' name
        (judged(90, None, "10.20.0.5"), WARN),
        (judged(90, None, warned_at="exambox.local"), WARN),
    ],
)
def test_a_certificate_is_judged(check: Check, wanted: CheckStatus) -> None:
    assert check.status is wanted
    assert bool(check.advice) == (wanted is not OK)


def test_one_from_outside_need_not_carry_what_never_leaves_the_machine() -> None:
    """No public authority certifies `localhost`; each box has it among its names as it is made."""
    carried = (True, False, False, False, False)
    assert not_carried(NAMES, carried, own=False) == ["10.20.0.5"]
    assert not_carried(NAMES, carried, own=True) == list(NAMES[1:])


def test_no_day_of_a_certificate_is_promised_that_is_not_whole() -> None:
    assert "19 days left" in judged(19.9, None).detail
    assert "ends in 29 days" in judged(300, 29.9).detail
    assert "another 3 days" in judged(300, None, starts_in=2.5).detail


def test_every_name_that_browsers_warn_of_is_said_once() -> None:
    found = judged(90, None, "10.20.0.5", "exambox.local", warned_at="exambox.local")
    assert found.detail.endswith("whoever goes to 10.20.0.5, exambox.local")
    assert "everybody go to exam.school.example" in found.advice
