"""What a command says: one JSON document, or text for a person. Progress goes to stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec


def answer(document: Any, text: str | Iterable[str], *, as_json: bool) -> None:
    """Print `document` as JSON, or `text` (one string or lines)."""
    if as_json:
        print(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
        return
    print(text if isinstance(text, str) else "\n".join(text))


def progress(line: str) -> None:
    """Tell a person at a terminal what is going on; silent in scripts."""
    if sys.stderr.isatty():
        print(line, file=sys.stderr, flush=True)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> list[str]:
    """Return `rows` as aligned lines under `columns`; a missing value is a dash."""
    texts = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [
        max([len(column), *(len(cells[n]) for cells in texts)]) for n, column in enumerate(columns)
    ]
    lines = [[column.replace("_", " ") for column in columns], *texts]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()
        for cells in lines
    ]


def _cell(value: Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "-"
    return str(value)
