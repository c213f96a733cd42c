"""Whether a box's data is one user's or a group's, and so the rights of what is newly written.

On an installed box gateway, night, janitor, drill and fleet are users of their own and write the
same databases and objects. Directories that they share are of the group `hallvakt-data`, pass that
on (set-group-ID), and are nobody else's; `processes/state_rights.py` sees to it. Anywhere else
(demo, a developer's box) a box is its one user's. As SQLite does for the files beside a database,
who writes looks at where it writes; nothing here knows users by name.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path


def is_shared(directory: Path) -> bool:
    """Whether its group may enter it and owns what is made in it, and others may not. False where
    there is none."""
    try:
        mode = directory.stat().st_mode
    except OSError:
        return False
    return bool(mode & stat.S_ISGID and mode & stat.S_IRGRP and not mode & stat.S_IRWXO)


def file_mode(directory: Path) -> int:
    """Of a new file of data in `directory`, which the umask of `share` lets through."""
    return 0o660 if is_shared(directory) else 0o600


def make_directory(directory: Path) -> None:
    """For data, where there is none yet; raise OSError."""
    mode = 0o770 if is_shared(directory.parent) else 0o700
    directory.mkdir(mode=mode, parents=True, exist_ok=True)


def share(state: Path) -> None:
    """Let this process's group have what is made for it, where the box in `state` is a group's:
    whoever typed a command has a umask that would take it away."""
    if is_shared(state):
        os.umask(os.umask(0o077) & ~0o070)
