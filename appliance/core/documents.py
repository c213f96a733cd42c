"""Documents as data: headings, paragraphs, lists and tables, and how they read as Markdown.

What stands in a document is decided by the modules beside this one (`document_*`); how it looks as
a PDF is the command line's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from appliance.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Heading:
    text: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; every row has as many cells as `header`."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    title: str
    blocks: tuple[Block, ...]


_KINDS: dict[str, type[Block]] = {
    "heading": Heading,
    "paragraph": Paragraph,
    "bullets": Bullets,
    "grid": Grid,
}


def as_data(document: Document) -> dict[str, Any]:
    """For handing a document to another program as JSON."""
    names = {kind: name for name, kind in _KINDS.items()}
    blocks = [{"kind": names[type(block)], **asdict(block)} for block in document.blocks]
    return {"title": document.title, "blocks": blocks}


def from_data(data: Any) -> Document:
    """What `as_data` made, after JSON; raise BadInput for anything else."""
    try:
        blocks = [
            _KINDS[block["kind"]](**{k: _tuples(v) for k, v in block.items() if k != "kind"})
            for block in data["blocks"]
        ]
        return Document(title=str(data["title"]), blocks=tuple(blocks))
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput("That is no document of Hallvakt's.") from error


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def markdown(document: Document) -> str:
    """GitHub-flavoured Markdown, ending with a line break."""
    lines = [f"# {document.title}"]
    for block in document.blocks:
        lines += ["", *_lines(block)]
    return "\n".join(lines) + "\n"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            yield f"{'#' * block.level} {_one_line(block.text)}"
        case Paragraph():
            yield _one_line(block.text)
        case Bullets():
            yield from (f"* {_one_line(item)}" for item in block.items)
        case Grid():
            yield _row(block.header)
            yield _row(tuple("---" for _ in block.header))
            yield from (_row(row) for row in block.rows)


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(_one_line(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _one_line(text: str) -> str:
    """So that a line break in an exam's title makes no heading of its own."""
    return " ".join(text.split())
