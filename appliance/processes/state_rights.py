"""Brings the rights of a box's files to what its five users need, and no further:

    python -m appliance.processes.state_rights --state DIR [--before-update]

`hallvakt-rights.service` runs it as the user `hallvakt` in the group `hallvakt-data` before the
gateway and whoever else opens the box. Data (databases and copies of them, objects, tombstones) is
the group's to write, configuration and certificates the group's to read, private keys the gateway's
alone. So a box of a version that knew one user is brought over, one that was restored, and what a
person put in the wrong way. Of another user's files nothing is changed, links are not followed, and
what is as it should be is not touched.

Standard library only: the installer runs it before this version has a place of its own.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

DATA = ("db", "blobs", "erased", "snapshots", "run/night")
READ = ("run", "keys", "tls", "languages")
_PUBLIC = (
    *("box.toml", "policy.toml", "keys/recipients.json", "keys/trusted_hosts.json"),
    *("keys/root.pub", "keys/box_signing.pub", "tls/ca.pem", "tls/box.pem", "tls/public.pem"),
)
_PRIVATE = ("keys/box_signing.pem", "tls/ca.key", "tls/box.key", "tls/public.key")
_DATA_DIRECTORY, _READ_DIRECTORY = 0o2770, 0o2750
_DATA_FILE, _READ_FILE, _PRIVATE_FILE = 0o660, 0o640, 0o600
_MANY = "blobs"  # may hold a million files: walked once, when the box is brought over


def main() -> int:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--state", type=Path, required=True)
    options.add_argument(
        "--before-update",
        action="store_true",
        help="the version before runs still: leave the directory itself as that has it",
    )
    given = options.parse_args()
    state: Path = given.state
    # Under a version that knows one user systemd gives the whole directory back to that one.
    whole = state.stat().st_gid != os.getegid() or given.before_update
    problems = list(_bring(state, whole=whole))
    if not given.before_update:
        problems += _file(state, ".", _READ_DIRECTORY)  # last: it says that the rest is done
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 5 if problems else 0


def _bring(state: Path, *, whole: bool) -> Iterator[str]:
    for name in ("run", *DATA):
        try:
            (state / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            yield _said(state / name, error)
    # Where a version that knew one user kept the copies of a drill that was ended in the middle.
    for left in (state / "run").glob("drill-*"):
        try:
            left.rename(state / "run" / "night" / left.name)
        except OSError as error:
            yield _said(left, error)
    for name in DATA:
        if whole or name != _MANY:
            yield from _tree(state / name)
        yield from _file(state, name, _DATA_DIRECTORY)
    for name in READ:
        yield from _file(state, name, _READ_DIRECTORY)
    for name in (*_PUBLIC, *_of_the_cloud(state)):
        yield from _file(state, name, _READ_FILE)
    for name in _PRIVATE:
        yield from _file(state, name, _PRIVATE_FILE)


def _of_the_cloud(state: Path) -> Iterator[str]:
    """Keys of the cloud that are files yet, as box.toml names them: the night's to read."""
    try:
        cloud = tomllib.loads((state / "box.toml").read_text("utf-8")).get("cloud", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError):
        return  # whoever opens the box says so
    for key, file in cloud.items():
        if key.endswith("_file") and isinstance(file, str) and not file.startswith("credential:"):
            yield file


def _tree(directory: Path) -> Iterator[str]:
    """All below it, and not itself."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        yield _said(directory, error)
        return
    try:
        yield from _below(descriptor, directory)
    finally:
        os.close(descriptor)


def _below(above: int, path: Path) -> Iterator[str]:
    with os.scandir(above) as entries:
        for entry in entries:
            with suppress(
                FileNotFoundError
            ):  # the box runs: what SQLite makes beside a database goes
                yield from _entry(above, entry, path / entry.name)


def _entry(above: int, entry: os.DirEntry[str], path: Path) -> Iterator[str]:
    there = entry.stat(follow_symlinks=False)
    if entry.is_dir(follow_symlinks=False):
        try:
            inner = os.open(entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
        except FileNotFoundError:
            return
        except OSError as error:
            if there.st_uid == os.geteuid():
                yield _said(path, error)
            return
        try:
            yield from _below(inner, path)
            yield from _set(inner, _DATA_DIRECTORY, path)
        finally:
            os.close(inner)
    elif entry.is_file(follow_symlinks=False) and not _fits(there, _DATA_FILE):
        yield from _file(above, entry.name, _DATA_FILE, path)


def _file(above: Path | int, name: str, mode: int, path: Path | None = None) -> Iterator[str]:
    """One file or directory, if it is there."""
    path = path or Path(str(above)) / name
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        if isinstance(above, int):
            descriptor = os.open(name, flags, dir_fd=above)
        else:
            descriptor = os.open(path, flags)
    except FileNotFoundError:
        return
    except OSError as error:
        yield _said(path, error)
        return
    try:
        yield from _set(descriptor, mode, path)
    finally:
        os.close(descriptor)


def _set(descriptor: int, mode: int, path: Path) -> Iterator[str]:
    there = os.fstat(descriptor)
    is_directory = mode in (_DATA_DIRECTORY, _READ_DIRECTORY)
    if _fits(there, mode) or is_directory != stat.S_ISDIR(there.st_mode):
        return
    try:
        os.fchown(descriptor, -1, os.getegid())  # first: it takes set-group-ID away
        os.fchmod(descriptor, mode)
    except OSError as error:
        yield _said(path, error)


def _fits(there: os.stat_result, mode: int) -> bool:
    """Also what is another user's: nobody but that one, or root, could change it."""
    if there.st_uid != os.geteuid():
        return True
    return there.st_gid == os.getegid() and stat.S_IMODE(there.st_mode) == mode


def _said(path: Path, error: OSError) -> str:
    return f"The rights of {path} cannot be set ({error.strerror}): `hallvakt doctor` says more."


if __name__ == "__main__":
    sys.exit(main())
