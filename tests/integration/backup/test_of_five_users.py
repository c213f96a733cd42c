"""A box whose five users are real ones comes back from its backup, and another adopts its archive:
typed as the gateway's user, as the README says, and each of the others does its work afterwards."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.crypto.signing import fingerprint
from appliance.config import box
from tests.integration.backup.conftest import School, new_box
from tests.support.apart import (
    DATA,
    GATEWAY,
    NUMBERS,
    bring_over,
    of_one_user,
    somewhere,
    typed,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")


def _typed(user: str, *commands: Sequence[object]) -> str:
    done = typed(user, *commands)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _rights(state: Path) -> dict[str, tuple[int, int, str]]:
    """Of all that a box has from one day to the next."""
    found = {}
    for path in (state, *state.rglob("*")):
        about, name = path.lstat(), str(path.relative_to(state))
        if not name.endswith(("-wal", "-shm")) and not name.startswith(("blobs/", "run/")):
            found[name] = (about.st_uid, about.st_gid, f"{stat.S_IMODE(about.st_mode):o}")
    return found


def _made(school: School, place: Path) -> None:
    """In `place` a box and, in its care, a directory for its backup; and another one."""
    cloud = replace(school.cloud, records_uri_file=Path("records.uri"))
    state, other, kept = place / "box", place / "other", place / "kept"
    shutil.move(school.made.state, state)
    new_box(other, school.cloud)
    kept.mkdir()
    for share in school.shares:
        shutil.copy(share, kept)
    for one in (state, other):
        shutil.copy(school.cloud.records_uri_file or "", one)
        box.write(one, replace(box.load(one), cloud=cloud))
    for one in (state, other, kept):
        of_one_user(one)
    for one in (state, other):
        assert bring_over(one).returncode == 0


def _burn(state: Path) -> None:
    """Back is what the installer makes; in the directory above it only root may write."""
    shutil.rmtree(state)
    state.mkdir()
    os.chown(state, NUMBERS[GATEWAY], DATA)
    state.chmod(0o2750)


def test_it_comes_back_or_is_adopted_and_each_of_them_does_its_work(school: School) -> None:
    made = school.made
    with somewhere() as place:
        _made(school, place)
        state, other, file = place / "box", place / "other", place / "kept" / "box.backup"
        before = _rights(state)
        _typed(GATEWAY, ("backup", "create", "--out", file, "--state", state))
        _burn(state)
        shares = [f"--share={file.with_name(share.name)}" for share in school.shares[1:4]]
        card = fingerprint(made.signing_key.public_bytes)
        adopt = ("backup", "adopt", "--box", made.box_id, "--fingerprint", card)
        said = _typed(
            GATEWAY,
            ("backup", "restore", file, *shares, "--state", state),
            (*adopt, *shares, "--state", other),
        )
        assert f"The box {made.box_id} is back" in said
        assert "adopted; " in said
        assert bring_over(state).returncode == 0  # as the box is started
        assert before.items() <= _rights(state).items()
        for job, words, answer in (
            ("drill", ("backup", "drill"), "of 1 exam came back whole"),
            ("janitor", ("janitor",), "objects deleted"),
        ):
            said = _typed(job, *((*words, "--state", one) for one in (state, other)))
            assert said.count(answer) >= 2, said
