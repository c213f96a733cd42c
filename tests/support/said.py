"""Every sentence that source code can say, as samples: constants, and f-strings with values made
up. Follows names to the assignments of the same function or else of the module, and both
arms of a condition."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product
from pathlib import Path

_MOST = 40


def said_by(file: Path, calls: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[int, str]]:
    """(line, sample) for the given positional arguments of these calls, wherever in `file`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    constants = _assigned(tree.body)
    for function in ast.walk(tree):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        names = {**constants, **_assigned(ast.walk(function))}
        for node in ast.walk(function):
            if isinstance(node, ast.Call) and (called := _name(node.func)) in calls:
                for at in calls[called]:
                    if at < len(node.args):
                        for sample in samples(node.args[at], names, 0)[:_MOST]:
                            yield node.lineno, sample


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    names: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    names.setdefault(target.id, []).append(node.value)
    return names


def samples(node: ast.expr, names: dict[str, list[ast.expr]], depth: int) -> list[str]:
    """What an expression may say; a value nobody can know is `7`."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.IfExp(body=one, orelse=other):
            return samples(one, names, depth) + samples(other, names, depth)
        case ast.Name(id=name) if name in names and depth < 3:
            return [s for value in names[name] for s in samples(value, names, depth + 1)]
        case ast.JoinedStr(values=values):
            parts = [
                samples(v.value, names, depth) if isinstance(v, ast.FormattedValue)
                else samples(v, names, depth)
                for v in values
            ]  # fmt: skip
            return ["".join(chosen) for chosen in product(*parts)]
        case ast.BoolOp(values=values):
            return [s for v in values for s in samples(v, names, depth)]
    return ["7"]


def still_english(
    sentence: str,
    said: Callable[[str], str],
    recognised: Callable[[str], tuple[str, Mapping[str, str]] | None],
) -> list[str]:
    """Parts of `sentence` that a language does not have: it, or values in it that are sentences."""
    if " " in sentence and said(sentence) == sentence:
        return [sentence]
    found = recognised(sentence)
    values = found[1].values() if found else ()
    return [part for value in values for part in still_english(value, said, recognised)]


def _name(function: ast.expr) -> str:
    return getattr(function, "attr", getattr(function, "id", ""))
