"""Which seats are open, why, and what is known of what still comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.core.attempt import Attempt, AttemptState, LinkState
from appliance.core.close_out import WhyOpen, in_order, open_seat
from appliance.core.feed import SeatStatus
from tests.contract.store.samples import attempt

S = AttemptState


def _attempt(state: AttemptState, last: int | None = None, *, joined: bool = True) -> Attempt:
    return replace(attempt(), state=state, last_sequence=last, joined_ms=1 if joined else None)


def _seat(link: LinkState = LinkState.UP, spool: int | None = None) -> SeatStatus:
    return SeatStatus(
        attempt_id=attempt().attempt_id, hall="A", seat="A1", pseudonym="0A01", link=link,
        link_lost_ms=5 if link is LinkState.LOST else None, spool=spool,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("of", "settled", "seat", "why", "missing"),
    [
        (_attempt(S.EXPECTED, joined=False), set(), _seat(), WhyOpen.NOT_HERE, None),
        (_attempt(S.RECORDING), {1, 2, 3}, _seat(), WhyOpen.WRITING, 0),
        (_attempt(S.RECORDING), {1, 2, 7}, _seat(LinkState.LOST), WhyOpen.LINK_LOST, 4),
        (_attempt(S.ON_BREAK), {1}, _seat(), WhyOpen.ON_BREAK, 0),
        (_attempt(S.ON_BREAK), {1}, _seat(LinkState.LOST), WhyOpen.LINK_LOST, 0),
        (_attempt(S.HANDED_IN, 5), {1, 2, 5}, _seat(), WhyOpen.SENDING, 2),
        (_attempt(S.ENDED), {1, 2}, _seat(), WhyOpen.SILENT, 0),
        (_attempt(S.RECORDING), {1, 2}, None, WhyOpen.WRITING, 0),  # after close
    ],
)
def test_open(
    of: Attempt, settled: set[int], seat: SeatStatus | None, why: WhyOpen, missing: int | None
) -> None:
    found = open_seat(of, settled, len(settled), seat)
    assert found is not None
    assert (found.why, found.missing, found.arrived) == (why, missing, len(settled))


@pytest.mark.parametrize(
    "of",
    [_attempt(S.HANDED_IN, 3), _attempt(S.HANDED_IN, 0), _attempt(S.ENDED, joined=False)],
)
def test_nothing_to_wait_for(of: Attempt) -> None:
    assert open_seat(of, {1, 2, 3}, 3, _seat()) is None


def test_what_the_page_said_and_since_when_the_link_is_lost() -> None:
    found = open_seat(_attempt(S.RECORDING), {1}, 1, _seat(LinkState.LOST, spool=12))
    assert found is not None
    assert (found.waiting, found.link_lost_ms) == (12, 5)


def test_what_needs_a_person_comes_first() -> None:
    states = [_attempt(S.EXPECTED, joined=False), _attempt(S.HANDED_IN, 9), _attempt(S.RECORDING)]
    found = [open_seat(of, {1}, 1, _seat(LinkState.LOST)) for of in states]
    ordered = in_order(seat for seat in found if seat)
    assert [s.why for s in ordered] == [WhyOpen.LINK_LOST, WhyOpen.SENDING, WhyOpen.NOT_HERE]
