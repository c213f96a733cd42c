"""Prints the part of requirements.lock that a box needs, hashes and all: what the product imports
and what builds it and its models, without what only demo and tests use.

    python3 box_requirements.py [--extra NAME ... | --only NAME]

`--only release` prints what makes a bundle's list of parts, which no box needs.

The lock says behind each package on whose behalf it is there ("via"), so the part is what can be
reached from the project's own dependencies. Standard library only: it runs before anything is
installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^(?=[A-Za-z0-9][\w.-]*==)", re.MULTILINE)


def wanted(pyproject: str, extras: set[str], *, only: bool = False) -> set[str]:
    """Names of the direct dependencies, with those of `extras`, or of these `only`."""
    project = tomllib.loads(pyproject)["project"]
    lines = [] if only else list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return {_name(line) for line in lines}


def part(lock: str, roots: set[str]) -> str:
    """The blocks of `lock` that `roots` reach."""
    blocks = {_name(block): block for block in _BLOCK.split(lock) if "==" in block.split("\n")[0]}
    missing = roots - set(blocks)
    if missing:
        raise SystemExit(f"not in requirements.lock: {', '.join(sorted(missing))}")
    reached, more = set(roots), True
    while more:
        found = {name for name, block in blocks.items() if _parents(block) & reached}
        more = not found <= reached
        reached |= found
    return "".join(blocks[name] for name in sorted(reached))


def _parents(block: str) -> set[str]:
    _, _, via = block.partition("# via")
    return {_name(line) for line in re.findall(r"[A-Za-z0-9][\w.\[\],-]*", via.replace("#", " "))}


def _name(line: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line.strip(), maxsplit=1)[0]).lower()


def main(words: list[str]) -> None:
    only = words[:1] == ["--only"]
    named = {word for word in words if not word.startswith("--")}
    roots = wanted(
        (ROOT / "pyproject.toml").read_text(),
        named if only else {"build", "models"} | named,
        only=only,
    )
    sys.stdout.write(part((ROOT / "requirements.lock").read_text(), roots))


if __name__ == "__main__":
    main(sys.argv[1:])
