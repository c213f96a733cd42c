"""TOML into frozen dataclasses, strictly: a key nobody reads is an error, not a silent wish.

msgspec checks types but passes over unknown keys of dataclasses; `read` refuses them first, with
a sentence that names the key and its table.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Any, TypeGuard, TypeVar, get_args, get_type_hints

import msgspec

from appliance.core.errors import WrongConfiguration

T = TypeVar("T")

_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "text in quotes",
    "bool": "true or false",
    "array": "a list in square brackets",
    "object": "a table",
}
_EXPECTED = re.compile(r"Expected `(?P<wanted>[^`]+)`(?:, got `(?P<got>[^`]+)`)?")
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`")


def parse(text: str, source: str) -> dict[str, Any]:
    """Return the TOML document; raise WrongConfiguration with its line when it is none."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongConfiguration(
            f"{source} is not valid TOML: {error}.", code="not-toml"
        ) from error


def read(document: Mapping[str, Any], into: type[T], source: str) -> T:
    """Return `document` as `into`; raise WrongConfiguration naming the first key that is unknown,
    missing or of the wrong type."""
    refuse_unknown(document, into, source)
    try:
        return msgspec.convert(document, into, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise WrongConfiguration(
            f"{source}: {_sentence(str(error))}", code="wrong-value"
        ) from error


def refuse_unknown(
    document: Mapping[str, Any], into: type[Any], source: str, table: str = ""
) -> None:
    types = get_type_hints(into)
    known = [f.name for f in fields(into)]
    for key, value in document.items():
        if key not in known:
            where = f"table [{table}]" if table else "top level"
            near = get_close_matches(key, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" Known there: {', '.join(known)}."
            raise WrongConfiguration(
                f"{source}: the key {key} is not known in the {where}.{hint}", code="unknown-key"
            )
        inner = _dataclass_in(types[key])
        for item in value if isinstance(value, list) else [value]:
            if inner is not None and isinstance(item, Mapping):
                refuse_unknown(item, inner, source, f"{table}.{key}" if table else key)


def write(document: Mapping[str, Any]) -> str:
    """Return `document` (values, lists of values, tables of those and
    lists of such tables) as TOML, in its own order.
    None is left out, as TOML has no word for it."""
    plain = {k: v for k, v in document.items() if not isinstance(v, Mapping)}
    blocks = [_lines(plain)] if plain else []
    for name, table in document.items():
        if isinstance(table, Mapping):
            plain = {k: v for k, v in table.items() if not _are_tables(v)}
            blocks.append(f"[{name}]\n{_lines(plain)}".rstrip("\n"))
            for inner, rows in table.items():
                if _are_tables(rows):
                    blocks += [f"[[{name}.{_key(inner)}]]\n{_lines(row)}" for row in rows]
    return "\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _are_tables(value: object) -> TypeGuard[Sequence[Mapping[str, Any]]]:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(row, Mapping) for row in value)
    )


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{_key(k)} = {_value(v)}\n" for k, v in table.items() if v is not None)


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _value(name)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return _value(value.value)
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | Path):
        # A JSON string is a TOML basic string, but for DEL, which TOML wants escaped.
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, Iterable):
        return f"[{', '.join(_value(v) for v in value)}]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _dataclass_in(annotation: object) -> type[Any] | None:
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and is_dataclass(candidate):
            return candidate
    return None


def _decode(wanted: type[Any], value: object) -> object:
    assert issubclass(wanted, Path), f"no setting is read as {wanted.__name__}"
    if isinstance(value, str):
        return Path(value)
    raise ValueError("Expected `str`")


def _sentence(message: str) -> str:
    at = _PATH.search(message)
    path = at.group("path") if at else ""
    if missing := _MISSING.search(message):
        return f"{'.'.join(filter(None, (path, missing['name'])))} is missing: add it."
    if expected := _EXPECTED.search(message):
        wanted = _WORDS.get(expected["wanted"], expected["wanted"])
        got = f", not {_WORDS.get(expected['got'], expected['got'])}" if expected["got"] else ""
        return f"{path} must be {wanted}{got}."
    return f"{path}: {_PATH.sub('', message)}."
