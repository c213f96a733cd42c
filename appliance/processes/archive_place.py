"""Whether the box's night may keep an archive in a mounted directory, a disk or share.

Night, janitor and drill are users of their own on an installed box, so what one writes there the
others read and delete by their group, as in the box's own directories of data.
"""

from __future__ import annotations

import grp
import os
from pathlib import Path

from appliance.adapters.cloud.mounted import PLACES, is_mount_place
from appliance.adapters.host.unit_seen import shown
from appliance.core.checkup import Check, fail
from appliance.core.errors import Refused
from appliance.shared_data import is_shared

_UNIT = "hallvakt-syncer.service"


def archive_check(state: Path, directory: Path) -> Check | None:
    """What keeps the night from writing there, and what to do; None where nothing does. It is there
    and mounted. Blocks; raise OSError."""
    if os.statvfs(directory).f_flag & os.ST_RDONLY:
        return fail(
            "cloud",
            f"{directory} is mounted read-only",
            "The night waits until it may write there: look at the disk or share, and at its "
            "options in /etc/fstab.",
        )
    if not is_shared(state):  # a box of one user
        if os.access(directory, os.W_OK | os.X_OK):
            return None
        return fail("cloud", f"{directory} may not be written", "Give it to the box's user.")
    there, group = directory.stat(), state.stat().st_gid
    if not (is_shared(directory) and there.st_mode & 0o070 == 0o070 and there.st_gid == group):
        name = _group(group)
        return fail(
            "cloud",
            f"the night may not keep an archive in {directory}: it is the group "
            f"{_group(there.st_gid)}'s, with mode {there.st_mode & 0o7777:o}",
            f"As root: `chgrp {name} {directory} && chmod 2770 {directory}`. Of a Windows share "
            f"the options of its mount say it: gid={name},dir_mode=02770,file_mode=0660.",
        )
    if not is_mount_place(directory) and not _may_be_written(directory):
        places = ", ".join(map(str, PLACES))
        return fail(
            "cloud",
            f"{directory} lies where the night's units may not write",
            f"Mount it below one of {places}; or, as root, `systemctl edit hallvakt-syncer "
            f"hallvakt-janitor`, and write below [Service] in both: ReadWritePaths={directory}",
        )
    return None


def refuse_unfit(state: Path, directory: Path) -> None:
    """Raise Refused with what `archive_check` found."""
    if found := archive_check(state, directory):
        detail = found.detail[0].upper() + found.detail[1:]
        raise Refused(f"{detail}. {found.advice}")


def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _may_be_written(directory: Path) -> bool:
    """By the unit as it is, with what the school added to it. True too where nobody can say."""
    written = [Path(path.lstrip("-+")) for path in (shown(_UNIT, "ReadWritePaths") or "").split()]
    return not written or any(directory.is_relative_to(path) for path in written)
