"""Small facts that formats and paths lean on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.core.errors import BadInput, HallvaktError
from appliance.core.ids import AttemptId, check_id, pseudonym
from appliance.core.snippet import ObjectKind


@pytest.mark.parametrize(
    "text", ["", "a" * 31, "a" * 33, "A" * 32, "g" * 32, "../" + "a" * 29, "a" * 32 + "\n"]
)
def test_what_is_no_id(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        check_id(text)
    assert caught.value.code == "bad-id"


@given(st.text(max_size=40))
def test_an_id_is_never_a_path(text: str) -> None:
    try:
        check_id(text)
    except BadInput:
        return
    assert len(text) == 32
    assert set(text) <= set("0123456789abcdef")


def test_a_pseudonym_is_four_signs_to_say_aloud() -> None:
    assert pseudonym(AttemptId("7f2c" + "0" * 28)) == "7F2C"


def test_kinds_of_sealed_objects_are_never_renumbered() -> None:
    """They stand in the authenticated header of every object ever written."""
    assert {k.name: int(k) for k in ObjectKind} == {
        "SNIPPET": 1,
        "PORTRAIT": 2,
        "THUMBNAIL": 3,
        "RECORD": 4,
        "DESCRIPTOR": 5,
        "IDENTITY": 6,
        "REMARK": 7,
        "DECISION": 8,
    }


def test_every_error_has_its_own_word_and_an_exit_code_of_the_contract() -> None:
    def tree(cls: type[HallvaktError]) -> list[type[HallvaktError]]:
        return [cls, *(x for sub in cls.__subclasses__() for x in tree(sub))]

    errors = [e for e in tree(HallvaktError) if e.__module__ == HallvaktError.__module__]
    codes = [e.code for e in errors]
    assert len(codes) == len(set(codes))
    assert {e.exit_code for e in errors} == {2, 3, 4, 5, 6}
