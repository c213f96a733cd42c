"""A box's processes as users of their own, as the installer makes them; here they are numbers that
no user of a Debian has (Debian Policy 9.2.2).

    with somewhere() as directory:
        hand_over(directory / "box")           # until then it is root's alone
        subprocess.run([*become("syncer"), *command])
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.activated_relays import with_ours_in_sight
from tests.support.box import ROOT, clean_environment

GATEWAY, DATA = "gateway", 64_210
NUMBERS = {
    name: 64_211 + n for n, name in enumerate((GATEWAY, "syncer", "janitor", "drill", "fleet"))
}
STRANGER = 64_298  # who has an account on the machine, and nothing to do with the box
_OWN_GROUP = NUMBERS[GATEWAY]
_ONE_BY_ONE = (
    "import json, sys; from appliance.cli.main import run\n"
    "sys.exit(max([run(words) for words in json.loads(sys.argv[1])]))\n"
)


@contextmanager
def somewhere() -> Iterator[Path]:
    """Not below pytest's own directory, which is closed to other users time and again."""
    with tempfile.TemporaryDirectory(prefix="hva") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory)


def as_user(name: str) -> list[str]:
    """The words before a command: who the unit of that name is, and of which groups."""
    group, others = (
        (_OWN_GROUP, f"--groups={DATA}") if name == GATEWAY else (DATA, "--clear-groups")
    )
    return ["setpriv", f"--reuid={NUMBERS[name]}", f"--regid={group}", others, "--"]


def become(name: str) -> list[str]:
    return [*with_ours_in_sight(), *as_user(name)]


def typed(user: str, *commands: Sequence[object]) -> subprocess.CompletedProcess[str]:
    """What that user, or root, or a stranger says to `hallvakt`, one after another: of one process,
    which costs its start once. Ends with the worst of the exit codes."""
    words = json.dumps([[str(word) for word in command] for command in commands])
    stranger = ["setpriv", f"--reuid={STRANGER}", f"--regid={STRANGER}", "--clear-groups", "--"]
    as_it = {"root": [], "stranger": stranger}
    return subprocess.run(
        [
            *with_ours_in_sight(),
            *(as_it[user] if user in as_it else as_user(user)),
            *(sys.executable, "-c", _ONE_BY_ONE, words),
        ],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )


def bring_over(state: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """What `hallvakt-rights.service` does."""
    as_it = ["setpriv", f"--reuid={NUMBERS[GATEWAY]}", f"--regid={DATA}", "--clear-groups", "--"]
    module = [
        sys.executable,
        "-m",
        "appliance.processes.state_rights",
        "--state",
        str(state),
        *more,
    ]
    return subprocess.run(
        [*with_ours_in_sight(), *as_it, *module],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
    )


def of_one_user(state: Path) -> None:
    """As a version left it whose processes were all the same user."""
    for path in (state, *state.rglob("*")):
        if not path.is_symlink():
            os.chown(path, NUMBERS[GATEWAY], _OWN_GROUP)
            path.chmod(path.stat().st_mode & (0o700 if path.is_dir() else 0o600))
