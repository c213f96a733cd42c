"""A box belongs to one user, and what another writes into its state that user cannot read.

Root may do all, so the kernel stops it nowhere: a lock, a key or a snapshot that root made would
stop the box's own night, janitor or erasure the next time. So root is told the user instead.
"""

from __future__ import annotations

import os
import pwd
import shlex
from collections.abc import Sequence
from pathlib import Path

from appliance.cli.options import DEFAULT_STATE
from appliance.shared_data import share

# They write into the state themselves. The others read, or ask the gateway, which writes as the
# box's user; `factory-reset` only takes away.
_WRITING = (
    ("init",),
    ("first-boot",),
    ("serve",),
    ("rehearse",),
    ("sync", "run"),
    ("sync", "verify"),
    ("sync", "pause"),
    ("sync", "resume"),
    ("sync", "configure"),
    ("janitor",),
    ("backup",),
    ("snapshot",),
    ("repair",),
    ("user", "rescue"),
    ("certificate", "renew"),
    ("fleet", "report"),
    ("keys", "recipients", "install"),
    ("keys", "hosts", "install"),
)


def root_instead_of(words: Sequence[str]) -> str | None:
    """The name of the user whose box `words` would write to, where root typed them and the box is
    not root's. None where nothing is wrong."""
    writes = any(tuple(words[: len(one)]) == one for one in _WRITING)
    if os.geteuid() != 0 or not writes or {"-h", "--help"} & {*words}:
        return None
    try:
        owner = _state(words).stat().st_uid
    except OSError:
        return None  # there is no box yet, or the command itself says what is wrong with it
    return None if owner == 0 else _name(owner)


def as_the_box(user: str, words: Sequence[str]) -> str:
    """What to type instead."""
    return f"runuser -u {user} -- {shlex.join(['hallvakt', *words])}"


def of_a_group(words: Sequence[str]) -> None:
    """What is typed writes as the box's units do: for its group, where the box is a group's."""
    share(_state(words))


def _state(words: Sequence[str]) -> Path:
    for at, word in enumerate(words):
        if word.startswith("--state="):
            return Path(word.removeprefix("--state="))
        if word == "--state" and at + 1 < len(words):
            return Path(words[at + 1])
    return DEFAULT_STATE


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"#{uid}"
