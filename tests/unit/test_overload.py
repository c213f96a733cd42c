"""What is left out under overload, second by second, and what is looked at first."""

from __future__ import annotations

import pytest

from appliance.core.ids import AttemptId
from appliance.core.look_order import MOST_LIVE_OF_SEAT, Waiting, next_to_look
from appliance.core.overload import LeftOut, Limits, Overload, advance

LIMITS = Limits(late_after_s=12.0, late_per_worker=2, step_s=10.0, calm_s=60.0)
NOW_MS = 1_780_000_000_000


def after(state: Overload, from_s: int, seconds: int, late: int, workers: int = 2) -> Overload:
    for second in range(from_s, from_s + seconds):
        state = advance(state, now_s=float(second), late=late, workers=workers, limits=LIMITS)
    return state


def test_things_are_left_out_one_after_the_other_in_the_stated_order() -> None:
    state = Overload()
    seen: list[tuple[LeftOut, ...]] = []
    for second in range(40):
        state = advance(state, now_s=float(second), late=9, workers=2, limits=LIMITS)
        if not seen or state.left_out != seen[-1]:
            seen.append(state.left_out)
    assert seen == [
        (LeftOut.HEAD_POSE,),
        (LeftOut.HEAD_POSE, LeftOut.HALF_THE_FRAMES),
        (LeftOut.HEAD_POSE, LeftOut.HALF_THE_FRAMES, LeftOut.THUMBNAILS),
    ]
    assert after(state, 40, 300, late=9).level == 3  # there is no more to leave out


@pytest.mark.parametrize(("late", "workers"), [(0, 2), (3, 2), (1, 1), (500, 0)])
def test_a_few_late_ones_or_no_worker_at_all_leave_nothing_out(late: int, workers: int) -> None:
    assert after(Overload(), 0, 300, late, workers) == Overload(
        late_s=299.0 if late else float("-inf")
    )


def test_things_are_taken_up_again_the_last_first_after_a_calm_minute_each() -> None:
    state = after(Overload(), 0, 40, late=9)
    state = after(state, 40, 59, late=0)
    assert state.level == 3
    state = after(state, 99, 10, late=0)
    assert state.left_out == (LeftOut.HEAD_POSE, LeftOut.HALF_THE_FRAMES)
    assert after(state, 109, 50, late=0).level == 2
    assert after(state, 109, 120, late=0).level == 0


def test_at_the_edge_it_stays_where_it_is() -> None:
    """Late ones now and then, too few for a step down: neither better nor worse is claimed."""
    state = after(Overload(), 0, 5, late=9)
    assert state.level == 1
    for start in range(5, 605, 30):
        state = after(state, start, 1, late=1)
        state = after(state, start + 1, 29, late=0)
        assert state.level == 1


def seat(number: int, sequence: int, ended_s_ago: float) -> Waiting:
    return Waiting(AttemptId(f"{number:032x}"), sequence, NOW_MS - round(ended_s_ago * 1000))


def order(*waiting: Waiting) -> list[Waiting]:
    left, taken = list(waiting), []
    while (chosen := next_to_look(left, NOW_MS)) is not None:
        left.remove(chosen)
        taken.append(chosen)
    return taken


def test_now_goes_first_newest_first_and_the_backlog_in_its_order() -> None:
    now, a_little_ago = seat(1, 9, 0.5), seat(2, 9, 8.0)
    old, older = seat(3, 4, 300.0), seat(3, 3, 310.0)
    assert order(old, a_little_ago, older, now) == [now, a_little_ago, older, old]


def test_of_one_seat_the_earlier_goes_first_while_both_are_live() -> None:
    first, second, other = seat(1, 4, 11.0), seat(1, 5, 1.0), seat(2, 5, 3.0)
    assert order(second, other, first) == [first, second, other]


def test_a_seat_that_floods_does_not_come_before_others() -> None:
    flood = [seat(1, n, 0.1) for n in range(1, MOST_LIVE_OF_SEAT + 20)]
    others = [seat(2, 5, 20.0), seat(3, 5, 25.0)]
    taken = order(*flood, *others)
    assert taken[:2] == others
    assert len(taken) == len(flood) + 2  # and nothing is dropped


def test_nothing_waiting_is_nothing_to_look_at() -> None:
    assert next_to_look([], NOW_MS) is None
