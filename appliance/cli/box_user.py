"""A box belongs to one user, and what another writes into its state that user cannot read.

Root may do all, so the kernel stops it nowhere: a lock, a key or a snapshot that root made would
stop the box's own night, janitor or erasure the next time. Anybody else it stops in the middle,
with words about a disk. So whoever is another user is told first what to type.
"""

from __future__ import annotations

import errno
import os
import pwd
import shlex
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.cli.options import DEFAULT_STATE
from appliance.shared_data import is_shared, share

# They make a box where there is none.
_MAKING = (("init",), ("first-boot",), ("backup", "restore"))
# What the units of night, janitor, drill and fleet run, users of the box's group.
_OF_THE_GROUP = (
    ("sync", "run"),
    ("sync", "verify"),
    ("janitor",),
    ("backup", "drill"),
    ("fleet", "report"),
)
# They write into the state themselves. The others read, or ask the gateway, which writes as the
# box's user; `factory-reset` only takes away.
_WRITING = (
    *_MAKING,
    *_OF_THE_GROUP,
    ("serve",),
    ("rehearse",),
    ("sync", "pause"),
    ("sync", "resume"),
    ("sync", "configure"),
    ("backup",),
    ("snapshot",),
    ("repair",),
    ("user", "rescue"),
    ("certificate", "renew"),
    ("keys", "recipients", "install"),
    ("keys", "hosts", "install"),
)
_USER, _GROUP = "hallvakt", "hallvakt-data"  # as firmware_scripts/box.sh names them


@dataclass(frozen=True, slots=True, kw_only=True)
class Typing:
    """Who typed a command. `installed`: the number of the user whom the installer made, where it
    was here; whoever makes a box in `place` makes it that user's."""

    uid: int
    groups: Collection[int]
    installed: int | None
    place: Path = DEFAULT_STATE


def typing() -> Typing:
    try:
        installed = pwd.getpwnam(_USER).pw_uid
    except KeyError:
        installed = None
    groups = frozenset((*os.getgroups(), os.getegid()))
    return Typing(uid=os.geteuid(), groups=groups, installed=installed)


def another_user(words: Sequence[str], who: Typing) -> str | None:
    """What to type instead of `words`, which write to the box of a user who is not `who`. None
    where nothing is wrong."""
    if not _one_of(words, _WRITING) or {"-h", "--help"} & {*words}:
        return None
    state = _state(words)
    try:
        there = state.stat()
    except FileNotFoundError:
        owner = None
    except OSError:
        return None  # the command itself says what is wrong with it
    else:
        owner = there.st_uid
    if who.installed is not None and state == who.place and owner in (None, 0):
        return _no_place(words, state) if _one_of(words, _MAKING) else None
    if owner is None or owner == who.uid or (who.uid == 0 and owner == 0):
        return None
    if _is_a_job_s(words, state, who):
        return None
    if who.uid != 0:
        return _only(owner, words)
    return (
        f"this box is the user {_name(owner)}'s, who could not read what root writes into it. "
        f"Type: {_as(_name(owner), words)}"
    )


def kept_out(words: Sequence[str], who: Typing, error: BaseException) -> str | None:
    """What to type instead of `words`, which ended with `error` because the box is another user's.
    None where that was not why."""
    state = _state(words)
    try:
        owner = state.stat().st_uid
    except OSError:
        return None
    if who.uid in (0, owner) or _is_a_job_s(words, state, who):
        return None
    if not any(_is_the_box_s(one, state) for one in _with_causes(error)):
        return None
    return _only(owner, words)


def _is_a_job_s(words: Sequence[str], state: Path, who: Typing) -> bool:
    """Whether the unit of a user in the box's group runs it, and that user typed it."""
    group = state.stat().st_gid
    return _one_of(words, _OF_THE_GROUP) and group in who.groups and is_shared(state)


def _is_the_box_s(error: BaseException, state: Path) -> bool:
    """A door of the box, which is no file to the library that speaks there, has no name here."""
    if not isinstance(error, OSError) or error.errno != errno.EACCES:
        return False
    return error.filename is None or Path(str(error.filename)).is_relative_to(state)


def _with_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def of_a_group(words: Sequence[str]) -> None:
    """What is typed writes as the box's units do: for its group, where the box is a group's."""
    share(_state(words))


def _only(owner: int, words: Sequence[str]) -> str:
    user = _name(owner)
    command = _as(user, words)
    return f"this box is the user {user}'s, and only that user may do this. As root: {command}"


def _no_place(words: Sequence[str], state: Path) -> str:
    made = f"install -d -m 2750 -o {_USER} -g {_GROUP} {shlex.quote(str(state))}"
    return (
        f"{state} has to be the user {_USER}'s, whose the box will be. As root: {made}; then: "
        f"{_as(_USER, words)}"
    )


def _as(user: str, words: Sequence[str]) -> str:
    return f"runuser -u {user} -- {shlex.join(['hallvakt', *words])}"


def _one_of(words: Sequence[str], commands: Sequence[tuple[str, ...]]) -> bool:
    return any(tuple(words[: len(one)]) == one for one in commands)


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
