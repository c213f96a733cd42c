"""Every place of the product that writes a file, found in its source, and what it calls for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import appliance
import tui

_ROOTS = (Path(appliance.__file__).parent, Path(tui.__file__).parent)
# Nothing can go wrong in them that does not in `whole_file` itself.
SAFE = frozenset({"replace_whole", "create_whole", "check_room"})
_WRITING = SAFE | {
    "whole_file", "write_text", "write_bytes", "copyfile", "copytree", "extractall",
    "NamedTemporaryFile", "TemporaryDirectory", "mkdtemp",
}  # fmt: skip
_OPENING = frozenset({"open", "fdopen"})
_FLAGS = frozenset({"O_CREAT", "O_WRONLY", "O_RDWR"})


def writers() -> dict[str, set[str]]:
    """By place, such as `appliance/cli/record.py:_save` or `...:Class.method`."""
    found: dict[str, set[str]] = {}
    for root in _ROOTS:
        for path in sorted(root.rglob("*.py")):
            name = path.relative_to(root.parent).as_posix()
            if name != "appliance/whole_file.py":
                for place, called in _calls(ast.parse(path.read_text()), ()):
                    found.setdefault(f"{name}:{place}", set()).add(called)
    return found


def _calls(node: ast.AST, inside: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield from _calls(child, (*inside, child.name))
            continue
        if isinstance(child, ast.Call) and (called := _writing(child)):
            yield ".".join(inside), called
        # Wherever it goes then; outside of functions it is a rule about others, and opens nothing.
        if inside and isinstance(child, ast.Attribute) and child.attr in _FLAGS:
            yield ".".join(inside), "open"
        yield from _calls(child, inside)


def _writing(call: ast.Call) -> str:
    """What is called when it writes a file; empty when not."""
    called = _name(call.func)
    if called == "to_thread":  # handed over to be called there
        return next((_name(a) for a in call.args if _name(a) in _WRITING), "")
    if called in _WRITING or (called in _OPENING and _opens_to_write(call)):
        return called
    opens_database = called == "Connection" and "apsw" in ast.dump(call.func)
    return called if opens_database and "SQLITE_OPEN_READONLY" not in ast.dump(call) else ""


def _opens_to_write(call: ast.Call) -> bool:
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    modes = [set(one.value) for one in given if isinstance(one, ast.Constant)
             and isinstance(one.value, str)]  # fmt: skip
    return any(mode <= set("rwaxbt+") and mode & set("wax+") for mode in modes)


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
