"""The list of candidates as schools export it: CSV, with a comma, a semicolon or a tab.

Columns `name, number, seat, hall, extra_minutes, detectors_off` (the last two are optional), or
their Swedish names, in any order. A column
that the box has no use for is refused rather than passed over: it may be a misspelt one, and
personal data that nobody needs shall not come to the box.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from appliance.core.accommodation import parse_detectors
from appliance.core.errors import BadInput
from appliance.core.processing import Category

if TYPE_CHECKING:
    from _csv import Reader  # the class has no public name before Python 3.12

K = TypeVar("K", bound=Hashable)

MOST_ROWS = 2000
MOST_EXTRA_MINUTES = 720
# A zip archive (.xlsx, .ods) and a compound file (.xls), by their first bytes.
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
# Excel's own line that names the separator, by which some programs begin.
_SEPARATOR = re.compile(r'"?sep=([,;\t])"?\r?\n', re.IGNORECASE)
_LONGEST = {"name": 200, "number": 40, "seat": 16, "hall": 60}

_COLUMNS = {
    "name": "name", "namn": "name", "elev": "name",
    "number": "number", "nummer": "number", "elevnummer": "number", "kandidatnummer": "number",
    "seat": "seat", "plats": "seat", "platsnummer": "seat",
    "hall": "hall", "sal": "hall", "lokal": "hall",
    "extra_minutes": "extra_minutes", "extra minutes": "extra_minutes",
    "extratid": "extra_minutes", "extra tid": "extra_minutes",
    "extraminuter": "extra_minutes", "extra minuter": "extra_minutes",
    "detectors_off": "detectors_off", "detectors off": "detectors_off",
    "avstängt": "detectors_off", "avstängda": "detectors_off",
}  # fmt: skip
_REQUIRED = ("name", "number", "seat", "hall")
_SWEDISH = {"name": "namn", "number": "nummer", "seat": "plats", "hall": "sal"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterEntry:
    """One candidate. `number` is the school's own and may be empty; `seat` is in capitals."""

    name: str
    number: str
    seat: str
    hall: str
    extra_minutes: int = 0
    switched_off: frozenset[Category] = frozenset()


def decode(content: bytes, encoding: str | None = None) -> str:
    """Return the file as text, UTF-8 (with or without byte-order mark) unless told otherwise.

    Raises BadInput that names the encoding to try, or says that this is no text at all.
    """
    if content.startswith(_WORKBOOKS):
        raise BadInput(
            "The roster is a spreadsheet program's own file: open it there and save it as CSV "
            "(in Excel as CSV UTF-8).",
            code="not-csv",
        )
    try:
        return content.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadInput(
            f"Line {line} of the roster is not {encoding or 'UTF-8'}: save the file as UTF-8, or "
            f"say how it is encoded, probably with --encoding {_likely(content)}.",
            code="wrong-encoding",
        ) from None
    except (LookupError, UnicodeError):
        raise BadInput(
            f"No text encoding is called {encoding}: try latin-1, cp1252 or utf-16.",
            code="unknown-encoding",
        ) from None


def parse_roster(text: str) -> tuple[RosterEntry, ...]:
    """Return the entries in the file's order; raise BadInput naming the line and what is wrong."""
    text = _SEPARATOR.sub(r"\n", text, count=1) if _SEPARATOR.match(text) else text
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    entries: list[RosterEntry] = []
    seats: dict[tuple[str, str], int] = {}
    numbers: dict[str, int] = {}
    for line, row in _rows(reader):
        entry = _entry(line, row)
        _once(seats, (entry.hall.casefold(), entry.seat), line, f"seat {entry.seat}")
        if entry.number:
            _once(numbers, entry.number.casefold(), line, "the number")
        entries.append(entry)
        if len(entries) > MOST_ROWS:
            raise BadInput(f"The roster has more than {MOST_ROWS} candidates: split it by hall.")
    if not entries:
        raise BadInput("The roster names no candidate: add one line for each.")
    return tuple(entries)


def _rows(reader: Reader) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, cell by column) of every line that is not empty."""
    columns: list[str] | None = None
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if columns is None:
                columns = _columns(cells)
            elif len(cells) != len(columns):
                raise BadInput(
                    f"Line {reader.line_num} of the roster has {len(cells)} cells instead of "
                    f"{len(columns)}: put quotes around a cell that holds the separator."
                )
            else:
                yield reader.line_num, dict(zip(columns, cells, strict=True))
    except csv.Error:
        raise BadInput(
            f"Line {reader.line_num} of the roster is not CSV: look for a quote that is not closed."
        ) from None


def _columns(cells: list[str]) -> list[str]:
    columns = []
    for cell in cells:
        column = _COLUMNS.get(" ".join(cell.casefold().split()))
        if column is None:
            raise BadInput(
                f"The roster's column {cell or '(without a name)'} is not one the box needs: "
                "delete it, or name it name, number, seat, hall or extra_minutes (namn, nummer, "
                "plats, sal, extratid). The first line names the columns.",
                code="unknown-column",
            )
        if column in columns:
            raise BadInput(f"The roster has two columns for {column}: delete one.")
        columns.append(column)
    for column in _REQUIRED:
        if column not in columns:
            raise BadInput(
                f"The roster has no column {column} ({_SWEDISH[column]}): add it; the first line "
                "names the columns.",
                code="missing-column",
            )
    return columns


def _entry(line: int, row: Mapping[str, str]) -> RosterEntry:
    for column, longest in _LONGEST.items():
        cell = row[column]
        if not cell and column != "number":
            raise BadInput(f"Line {line} of the roster has no {column}: fill it in.")
        if len(cell) > longest or not cell.isprintable():
            raise BadInput(
                f"Line {line} of the roster: the {column} is longer than {longest} characters or "
                "holds a character that cannot be printed."
            )
    return RosterEntry(
        name=row["name"],
        number=row["number"],
        seat=row["seat"].upper(),
        hall=row["hall"],
        extra_minutes=_minutes(line, row.get("extra_minutes", "")),
        switched_off=_switched_off(line, row.get("detectors_off", "")),
    )


def _switched_off(line: int, cell: str) -> frozenset[Category]:
    """Detectors that are off for this candidate, one space between: `head sound`."""
    try:
        return parse_detectors(cell.split())
    except BadInput as error:
        raise BadInput(f"Line {line} of the roster: {error.message}", code=error.code) from None


def _minutes(line: int, cell: str) -> int:
    minutes = int(cell) if cell.isascii() and cell.isdigit() else None if cell else 0
    if minutes is None or minutes > MOST_EXTRA_MINUTES:
        raise BadInput(
            f"Line {line} of the roster: the extra minutes must be a whole number from 0 to "
            f"{MOST_EXTRA_MINUTES}, or empty."
        )
    return minutes


def _once(seen: dict[K, int], key: K, line: int, what: str) -> None:
    if key in seen:
        raise BadInput(
            f"Line {line} of the roster: {what} was given on line {seen[key]} already.",
            code="duplicate",
        )
    seen[key] = line


def _likely(content: bytes) -> str:
    """Bytes 80-9F are control characters in Latin-1, and quotes and dashes in Windows' own."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in content[:100]:
        return "utf-16"
    return "cp1252" if any(0x80 <= byte <= 0x9F for byte in content) else "latin-1"
