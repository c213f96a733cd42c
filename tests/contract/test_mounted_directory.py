"""A disk or share that is not there, or not the night's to write: said before it costs anything."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from appliance.adapters.cloud.directory import DirectoryObjects
from appliance.adapters.cloud.mounted import check_mounted, not_written, reading
from appliance.core.checkup import CheckStatus
from appliance.core.errors import Refused, Unreachable
from appliance.processes.archive_place import archive_check, refuse_unfit

_NAME, _DATA, _OTHER = f"packs/{'5a' * 16}", 64_210, 64_211


def test_an_empty_mount_point_without_its_disk_is_no_archive(tmp_path: Path) -> None:
    place = tmp_path / "srv"
    archive = place / "archive"
    with pytest.raises(Unreachable, match="is not there: is the disk or share connected"):
        check_mounted(archive, system=tmp_path, places=[place])
    archive.mkdir(parents=True)
    with pytest.raises(Unreachable, match=f"Nothing is mounted at {archive}: .* `mount {archive}`"):
        check_mounted(archive, system=tmp_path, places=[place])
    check_mounted(archive, system=Path("/proc"), places=[place])  # on another disk than the system
    check_mounted(archive, system=tmp_path, places=[tmp_path / "mnt"])
    (archive / "packs").mkdir()  # a school that keeps one there all the same
    check_mounted(archive, system=tmp_path, places=[place])


async def test_a_file_in_its_place_is_no_archive_either(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("")
    store = DirectoryObjects(tmp_path / "archive")
    with pytest.raises(Unreachable, match="is not there"):
        await store.location()
    with pytest.raises(Unreachable, match="is not there"):
        await store.get(_NAME)
    with pytest.raises(Unreachable, match="connected"):
        await store.stat(_NAME)


@pytest.mark.parametrize("number", [errno.EACCES, errno.ESTALE, errno.EHOSTDOWN], ids=os.strerror)
def test_what_a_share_answers_is_a_sentence(tmp_path: Path, number: int) -> None:
    with (
        pytest.raises(Unreachable, match=f"{os.strerror(number)}.*: is the disk or share"),
        reading(tmp_path),
    ):
        raise OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "mode 2770; `hallvakt doctor` says what to type"),
        (errno.EROFS, "is mounted so, or it lies where the night's units may not write"),
        (errno.ENOSPC, "is full"),
    ],
    ids=["denied", "read-only", "full"],
)
def test_what_it_does_not_take_is_said_with_what_to_do(
    tmp_path: Path, number: int, said: str
) -> None:
    error = not_written(tmp_path, tmp_path / _NAME, OSError(number, os.strerror(number)))
    assert said in error.message


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a directory away")
@pytest.mark.parametrize(
    ("mode", "group", "fit"),
    [
        (0o2770, _DATA, True),
        (0o770, _DATA, False),  # what one makes there the others could not read
        (0o2750, _DATA, False),
        (0o2775, _DATA, False),
        (0o2770, _OTHER, False),
        (0o700, 0, False),
    ],
    ids=["fit", "no set-group-ID", "not to write", "open", "another group", "root's"],
)
def test_on_a_box_of_five_users_it_is_their_group_s(
    tmp_path: Path, mode: int, group: int, fit: bool
) -> None:
    state, archive = tmp_path / "box", tmp_path / "archive"
    for directory, whose, given in ((state, _DATA, 0o2750), (archive, group, mode)):
        directory.mkdir()
        os.chown(directory, _OTHER, whose)
        directory.chmod(given)
    found = archive_check(state, archive)
    assert (found is None) is fit
    if found is None:
        return refuse_unfit(state, archive)
    assert found.status is CheckStatus.FAIL
    assert f"with mode {mode:o}" in found.detail
    told = f"`chgrp {_DATA} {archive} && chmod 2770 {archive}`"
    assert told in found.advice
    with pytest.raises(Refused, match="The night may not keep an archive in"):
        refuse_unfit(state, archive)
    os.chown(archive, -1, _DATA)
    archive.chmod(0o2770)  # as told
    assert archive_check(state, archive) is None


def test_a_box_of_one_user_writes_where_that_one_may(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert archive_check(tmp_path, tmp_path) is None
