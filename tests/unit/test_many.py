"""Numbers and names by the hundred thousand say the same as sets would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from appliance.core.many import Names, Numbers


@given(st.lists(st.lists(st.integers(min_value=0, max_value=2**62))))
def test_numbers_count_each_once(groups: list[list[int]]) -> None:
    numbers = Numbers()
    for group in groups:
        numbers = numbers.with_(group)
    assert len(numbers) == len({number for group in groups for number in group})


def test_a_long_exam_of_numbers_is_a_few_bytes() -> None:
    assert len(Numbers().with_(range(100_000)).pages) == 98


@given(st.lists(st.text()))
def test_names_say_whether_one_came_twice(texts: list[str]) -> None:
    names = Names()
    for text in texts:
        names.add(text)
    assert names.twice() == (len(set(texts)) < len(texts))
