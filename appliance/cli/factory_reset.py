"""`hallvakt factory-reset`: the box forgets everything, keys first, and says what it forgot."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from appliance.adapters.store import schema
from appliance.cli.options import DEFAULT_STATE, Json, State
from appliance.cli.output import answer
from appliance.config.box import FILE_NAME, load
from appliance.core.errors import BadInput, Refused, Unreachable
from appliance.processes.supervisor import alone

# Keys before ciphertext: if the power goes in the middle, what is left cannot be opened.
_ORDER = ("live", "keys", "tls", "db", "snapshots", "blobs", "erased", "log", "run")
_NOT_PROVEN = "SELECT count(*) FROM exams WHERE state IN ('open', 'live', 'closed')"
_KEYS = frozenset({"live", "keys", "tls"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gone:
    what: str
    files: int
    bytes: int


def factory_reset(
    *,
    confirm: str | None = None,
    even_unsent: Annotated[bool, Parameter(negative=())] = False,
    state: State = DEFAULT_STATE,
    json: Json = False,
) -> None:
    """Destroy keys, names, recordings and settings of this box. There is no way back.

    The cloud copy is not touched. The box must not be running.

    Parameters
    ----------
    confirm
        The box's name, to show that you mean this one; asked for when it is not given.
    even_unsent
        Also when exams here have not been proven in the cloud.
    """
    state = state.absolute()
    config = load(state)
    with alone(state):
        _refuse_while_served(state)
        # Not looked at when it does not matter: a damaged database must not stand in the way, nor
        # one that is gone because a reset was broken off.
        begun = not (state / "keys").exists()
        if not (even_unsent or begun) and (
            unsent := schema.count(state / "db" / "box.db", _NOT_PROVEN)
        ):
            raise Refused(
                f"{unsent} exams on this box are not proven in the cloud: sync first, or say "
                "--even-unsent to lose them."
            )
        if (confirm if confirm is not None else _ask(config.name)) != config.name:
            raise Refused(f"That is not this box's name ({config.name}): nothing was destroyed.")
        gone: list[_Gone] = []
        try:
            _destroy_all(state, gone)
        except OSError as error:
            so_far = ", ".join(one.what for one in gone) or "nothing"
            raise Unreachable(
                f"Not all of {state} could be destroyed ({error.strerror or error}); destroyed so "
                f"far: {so_far}. Run this as root, again: it goes on from here."
            ) from error
    lines = [f"Destroyed {g.what}: {g.files} files, {g.bytes / 1e6:.1f} MB." for g in gone]
    lines += [
        "Keys went first. Blocks of a solid-state disk may outlive a deletion; without the keys "
        "they cannot be opened.",
        "Not touched: the copy in the cloud, and keys that the school keeps elsewhere.",
        "Left: /etc/credstore.encrypted/hallvakt-pepper*, where this machine has one: nothing is "
        "bound to it any more; and hallvakt-cloud*, which open the cloud as they did. "
        "`install.sh --uninstall` now takes them away too.",
    ]
    document = [{"what": g.what, "files": g.files, "bytes": g.bytes} for g in gone]
    answer({"destroyed": document}, lines, as_json=json)


def _ask(name: str) -> str:
    if not sys.stdin.isatty():
        raise BadInput(f"Say --confirm with the box's name ({name}).")
    return input(f"This destroys everything on the box. Type its name ({name}) to go on: ").strip()


def _refuse_while_served(state: Path) -> None:
    """The gateway holds a lock of its own, also under systemd."""
    lock = state / "run" / "gateway.lock"
    if not lock.exists():
        return
    with lock.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("The box is running: stop it first.", code="already-running") from None


def _destroy_all(state: Path, gone: list[_Gone]) -> None:
    """Adds to `gone` as it goes on; raises OSError where something stays."""
    for name in _ORDER:
        if (state / name).exists():
            gone.append(_destroy(state / name))
    for left in list(state.iterdir()):
        if left.is_dir() and not left.is_symlink() and left.name not in _ORDER:
            gone.append(_destroy(left))
    # Without box.toml this is no box, and could not go on: it goes last.
    for file in sorted(state.iterdir(), key=lambda file: file.name == FILE_NAME):
        if file.is_symlink() or not file.is_dir():
            file.unlink()


def _destroy(directory: Path) -> _Gone:
    """Files with keys are overwritten before they are unlinked; then all of it is removed, also
    where the school has put it on another disk: as a link, or as a mount, which stays empty."""
    place = directory.resolve()
    files = [path for path in place.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files)
    if directory.name in _KEYS:
        for path in files:
            _overwrite(path)
    for entry in list(place.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    _sync(place)
    if not place.is_mount():
        place.rmdir()
    if directory.is_symlink():
        directory.unlink()
    _sync(directory.parent)
    return _Gone(what=directory.name, files=len(files), bytes=size)


def _overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
