"""The page's modules as one, made when the box starts: a hall of two hundred asks for one file and
not for forty, and what the modules have in common is packed once.

Each module becomes a function that is called once and gives back what it exports, so that names
of one never meet names of another. Understood is what the page uses, one statement a line:
`import { a, b } from "./x.js";` and `export` before a declaration; the rest is refused at start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_IMPORT = re.compile(r"^import\s*\{([^}]*)\}\s*from\s*\"\./([\w.]+)\";\n", re.M)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const)\s+(\w+))", re.M)
_OTHER = re.compile(r"^(?:import|export)\b.*|^.*\bimport\(.*", re.M)
_LINE_COMMENT = re.compile(r"^[ \t]*//.*\n", re.M)
_BLOCK_COMMENT = re.compile(r"^[ \t]*/\*(?:(?!\*/).)*\*/[ \t]*\n", re.M | re.S)
# Behind a statement, and only where no quotation mark follows that could belong to a text.
_COMMENT_BEHIND = re.compile(r"(?<=[;,{}\[(\w)]) +// [^\"'`\n]*$", re.M)
_INDENT = re.compile(r"^[ \t]+", re.M)
_EMPTY = re.compile(r"\n+")


class NotUnderstood(ValueError):
    """A module that cannot be put into one with the others; says which and why."""


def bundle(modules: Mapping[str, str], entry: str) -> str:
    """One module that does what `entry` does. `modules`: sources by file name. `entry` itself stays
    a module's text, for it may wait at its top level. Raise NotUnderstood."""
    order: list[str] = []
    _visit(entry, modules, order, ())
    names = {module: f"m{number}" for number, module in enumerate(order)}
    parts = []
    for module in order:
        body = _IMPORT.sub(lambda found: _taken(found, names), smaller(modules[module]))
        exported = _EXPORT.findall(body)
        body = _EXPORT.sub("", body)
        other = _OTHER.search(body)
        if other:
            raise NotUnderstood(f"{module}: {other.group()}")
        if module == entry:
            parts.append(body)
        else:
            made = f"return {{{','.join(exported)}}};" if exported else ""
            parts.append(f"const {names[module]}=(()=>{{\n{body}{made}\n}})();\n")
    return "".join(parts)


def smaller(source: str) -> str:
    """A script or a style sheet without what is there for its readers: comments, indents, empty
    lines. Texts over several lines (between backquotes) are refused: their indents would go too."""
    for line in source.splitlines():
        if line.count("`") % 2:
            raise NotUnderstood(f"a text over several lines: {line.strip()}")
    for left_out in (_BLOCK_COMMENT, _LINE_COMMENT, _COMMENT_BEHIND, _INDENT):
        source = left_out.sub("", source)
    return _EMPTY.sub("\n", source)


def _visit(
    module: str, modules: Mapping[str, str], order: list[str], above: tuple[str, ...]
) -> None:
    """Put what it imports into `order` first, then itself."""
    if module in above:
        raise NotUnderstood(f"{' -> '.join((*above, module))}: imports in a circle")
    if module in order:
        return
    if module not in modules:
        raise NotUnderstood(f"{' -> '.join((*above, module))}: the last one is not there")
    for _, needed in _IMPORT.findall(modules[module]):
        _visit(needed, modules, order, (*above, module))
    order.append(module)


def _taken(found: re.Match[str], names: Mapping[str, str]) -> str:
    wanted = (name.strip() for name in found[1].split(","))
    taken = ",".join(re.sub(r"\s+as\s+", ":", name) for name in wanted if name)
    return f"const {{{taken}}}={names[found[2]]};\n"
