"""Which boxes one console watches: a TOML file, or `--box NAME=URL,CA` several times."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from appliance.core.errors import BadInput
from tui.language import tr
from tui.target import Target, over_network, over_socket

_KEYS = frozenset({"name", "url", "ca", "ca_fingerprint", "state"})


def from_file(file: Path) -> tuple[Target, ...]:
    """The boxes of `file`, one `[[box]]` table each: `name`, and `url` with `ca` (and perhaps
    `ca_fingerprint`) or `state`. Paths are meant from the directory of the file.

    Raises BadInput with the one thing to mend. Whether a box is there is not asked.
    """
    try:
        written = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(tr("The list of boxes {file} cannot be read.", file=file)) from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(
            tr("The list of boxes {file} is not TOML: {why}", file=file, why=error)
        ) from error
    tables = written.get("box")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise BadInput(tr("The list of boxes {file} has no [[box]].", file=file))
    return tuple(_from_table(table, file) for table in tables)


def from_option(written: str) -> Target:
    """A box as `--box` names it: `NAME=URL,CA`, or `NAME=DIR` for a state directory of this
    machine. Raises BadInput."""
    name, equals, place = (part.strip() for part in written.partition("="))
    if not (name and equals and place):
        raise BadInput(tr("--box is written NAME=URL,CA or NAME=DIR, not {given}.", given=written))
    if "://" not in place:
        return replace(over_socket(Path(place) / "run" / "gateway.sock"), name=name)
    url, _, ca = (part.strip() for part in place.partition(","))
    return replace(over_network(url, Path(ca) if ca else None), name=name)


def all_different(boxes: Sequence[Target]) -> tuple[Target, ...]:
    """`boxes`; raises BadInput when there is none or two have one name."""
    if not boxes:
        raise BadInput(tr("The list of boxes is empty."))
    names = [box.name.casefold() for box in boxes]
    for box in boxes:
        if names.count(box.name.casefold()) > 1:
            raise BadInput(tr("Two boxes are called {name}.", name=box.name))
    return tuple(boxes)


def _from_table(table: Mapping[str, Any], file: Path) -> Target:
    name = table.get("name")
    if not isinstance(name, str) or not name.strip():
        raise BadInput(tr("A box in {file} has no name.", file=file))
    for key, value in table.items():
        if key not in _KEYS or not isinstance(value, str):
            raise BadInput(
                tr(
                    "{file}: box {name} has {key}, which is not known.",
                    file=file,
                    name=name,
                    key=key,
                )
            )
    if ("url" in table) == ("state" in table):
        raise BadInput(tr("{file}: box {name} needs either url or state.", file=file, name=name))
    beside = file.parent
    if "state" in table:
        found = over_socket(beside / table["state"] / "run" / "gateway.sock")
    else:
        ca = beside / table["ca"] if "ca" in table else None
        found = over_network(table["url"], ca, table.get("ca_fingerprint", ""))
    return replace(found, name=name.strip())
