"""The keys ceremony: root, reviewer and recovery shares into a directory that is carried away.

What is already in the directory is kept, so that a ceremony that was cut off goes on.
"""

from __future__ import annotations

import asyncio
import os
import pwd
from collections.abc import Callable
from pathlib import Path

from appliance.core.errors import BadInput
from appliance.core.first_boot import Note, Standing
from tui.first_boot.command import Command
from tui.first_boot.inputs import Keys
from tui.language import tr


async def hold(hallvakt: Command, state: Path, given: Keys) -> Note:
    """Raises BadInput for a directory on the box's own state, or with half a key in it."""
    directory = given.directory.absolute()
    if directory == state or state in directory.parents:
        raise BadInput(
            tr("Private keys must not lie on the box: name a directory elsewhere, as a USB stick.")
        )
    root, reviewer = directory / "root", directory / "reviewer"
    recovery, signed = directory / "recovery", directory / "recipients.json"
    await asyncio.to_thread(make_directory, directory)
    if not await asyncio.to_thread(_is_whole, root, _public(root)):
        await hallvakt(
            *("keys", "root", "create", "--out", str(root)), secrets=(given.root_passphrase,)
        )
    if not await asyncio.to_thread(_is_whole, reviewer, _public(reviewer)):
        await hallvakt(
            *("keys", "reviewer", "create", "--label", given.reviewer, "--out", str(reviewer)),
            secrets=(given.reviewer_passphrase,),
        )
    if not await asyncio.to_thread(_is_whole, recovery, recovery / "recovery.pub"):
        await hallvakt("keys", "recovery", "create", "--out-dir", str(recovery))
    public = [str(_public(reviewer)), str(recovery / "recovery.pub")]
    await hallvakt(
        *("keys", "recipients", "sign", *public, "--root", str(root), "--out", str(signed)),
        secrets=(given.root_passphrase,),
    )
    installed = await hallvakt(
        *("keys", "recipients", "install", str(signed), "--root", str(_public(root))),
        *("--state", str(state)),
    )
    facts = {"directory": str(directory), "root": installed["root_fingerprint"]}
    for recipient in installed["recipients"]:
        facts[recipient["kind"]] = f"{recipient['label']} {recipient['fingerprint']}"
    return Note(standing=Standing.DONE, facts=facts)


def _public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


def make_directory(directory: Path, may: Callable[[Path, int], bool] = os.access) -> None:
    """`may`: whether this program may do with it what the bits of os.access(2) say. Raises
    BadInput, which says how a stick becomes the box's user's, as whom this runs."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except PermissionError as error:
        raise _not_ours(directory) from error
    except OSError as error:
        raise BadInput(
            tr("{file} cannot be written ({why}).", file=directory, why=error.strerror)
        ) from error
    if not may(directory, os.W_OK | os.X_OK):
        raise _not_ours(directory)


def _not_ours(directory: Path) -> BadInput:
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    return BadInput(
        tr(
            "{directory} is not to be written by {user}, as whom this runs. As root, mount the "
            "stick for it: `mount -o uid={user} DEVICE /mnt`; on a disk, make a directory and "
            "`chown {user}` it.",
            directory=directory,
            user=user,
        )
    )


def _is_whole(private: Path, public: Path) -> bool:
    """True: made by an earlier run; False: not there. Raises BadInput for half of it."""
    if public.exists():
        return True
    if private.exists():
        raise BadInput(
            tr("{file} was left half made: take it away and run this step again.", file=private)
        )
    return False
