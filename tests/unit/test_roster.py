"""The roster: what schools' spreadsheets write, and what they get wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.cli.exam import imported_text
from appliance.core.errors import BadInput
from appliance.core.roster import RosterEntry, decode, parse_roster

HEADER = "name,number,seat,hall,extra_minutes\n"


def test_reads_the_columns_in_any_order() -> None:
    text = "seat,hall,name,extra_minutes,number\na2,Hall A,Kandidat Öst,30,17\n"
    assert parse_roster(text) == (
        RosterEntry(name="Kandidat Öst", number="17", seat="A2", hall="Hall A", extra_minutes=30),
    )


def test_reads_swedish_headers_and_semicolons() -> None:
    text = "Namn;Nummer;Plats;Sal;Extra tid\r\nKandidat Öst;17;A2;Aulan;\r\n\r\n;;;;\r\n"
    assert parse_roster(text) == (
        RosterEntry(name="Kandidat Öst", number="17", seat="A2", hall="Aulan"),
    )


def test_a_comma_inside_quotes_is_no_separator() -> None:
    assert parse_roster(HEADER + '"Öst, Kandidat",,A1,H,5\n')[0].name == "Öst, Kandidat"


@pytest.mark.parametrize("first", ["sep=;\r\n", '"sep=;"\r\n', "SEP=;\n"])
def test_the_line_by_which_excel_names_its_separator_is_passed_over(first: str) -> None:
    text = f"{first}name;number;seat;hall\r\nKandidat Öst;17;A2;Aulan\r\n"
    assert parse_roster(text) == parse_roster(text.removeprefix(first))
    with pytest.raises(BadInput, match="Line 3 of the roster has no seat"):
        parse_roster(f"{first}name;number;seat;hall\r\nKandidat Öst;17;;Aulan\r\n")


def test_tabs_separate_too() -> None:
    assert parse_roster("Namn\tNummer\tPlats\tSal\nÖst, Kandidat\t17\tA2\tAulan\n") == (
        RosterEntry(name="Öst, Kandidat", number="17", seat="A2", hall="Aulan"),
    )


@pytest.mark.parametrize("begins", [b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_spreadsheets_own_file_is_told_to_be_saved_as_csv(begins: bytes) -> None:
    with pytest.raises(BadInput, match="save it as CSV"):
        decode(begins + b"\x14\0\x06\0\x08\0")


def test_extra_minutes_may_be_left_out() -> None:
    assert parse_roster("name,number,seat,hall\nA,1,A1,H\n")[0].extra_minutes == 0


def test_the_same_seat_in_two_halls_is_two_seats() -> None:
    assert len(parse_roster(HEADER + "A,1,A1,North,0\nB,2,A1,South,0\n")) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names no candidate"),
        (HEADER, "names no candidate"),
        ("name,number,seat\nA,1,A1\n", "no column hall (sal)"),
        ("name,number,seat,hall,personnummer\n", "personnummer is not one the box needs"),
        ("name,namn,number,seat,hall\n", "two columns for name"),
        (HEADER + "A,1,A1,H\n", "Line 2 of the roster has 4 cells instead of 5"),
        (HEADER + "\nA,1,A1,H,0\n,2,A2,H,0\n", "Line 4 of the roster has no name"),
        (HEADER + "A,1,A1,H,0\nB,2,a1,h,0\n", "Line 3 of the roster: seat A1 was given on line 2"),
        (HEADER + "A,1,A1,H,0\nB,1,A2,H,0\n", "the number was given on line 2"),
        (HEADER + "A,1,A1,H,ten\n", "Line 2 of the roster: the extra minutes"),
        (HEADER + "A,1,A1,H,-5\n", "extra minutes must be a whole number"),
        (HEADER + "A,1,A1,H,721\n", "extra minutes must be a whole number"),
        (HEADER + '"A,1,A1,H,0\n', "look for a quote that is not closed"),
        (HEADER + f"A,1,{'A' * 17},H,0\n", "the seat is longer than 16"),
        (HEADER + "A\x07,1,A1,H,0\n", "cannot be printed"),
        (HEADER + "".join(f"N,,A{n},H,0\n" for n in range(2001)), "more than 2000"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, says: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_roster(text)
    assert says in refused.value.message


def test_whoever_imports_a_list_again_is_told_that_the_slips_are_void() -> None:
    text = imported_text("NWBD4R", {"candidates": 2, "halls": ["Aulan"]})
    assert text.startswith("2 candidates in 1 hall(s). Slips made before no longer work")
    assert "exam slips NWBD4R" in text


def test_errors_hold_no_name_of_a_candidate() -> None:
    with pytest.raises(BadInput) as refused:
        parse_roster(HEADER + "Kandidat Öst,1,A1,H,0\nKandidat Ek,2,A1,H,0\n")
    assert "Öst" not in refused.value.message
    assert "Ek" not in refused.value.message


def test_utf8_with_byte_order_mark() -> None:
    assert decode(b"\xef\xbb\xbfnamn") == "namn"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("namn\nÖst".encode("latin-1"), "latin-1"),
        ("namn\n“Öst”".encode("cp1252"), "cp1252"),
        ("namn\nÖst".encode("utf-16"), "utf-16"),
    ],
)
def test_a_wrong_encoding_names_the_right_one(content: bytes, encoding: str) -> None:
    with pytest.raises(BadInput) as refused:
        decode(content)
    assert f"--encoding {encoding}" in refused.value.message
    assert "Öst" in decode(content, encoding)


def test_an_unknown_encoding_is_said_so() -> None:
    with pytest.raises(BadInput, match="No text encoding is called latin-17"):
        decode(b"namn", "latin-17")


@given(st.text(max_size=200))
def test_any_text_gives_whole_entries_or_bad_input(text: str) -> None:
    try:
        entries = parse_roster(HEADER + text)
    except BadInput:
        return
    assert all(entry.name and entry.seat and entry.hall for entry in entries)
