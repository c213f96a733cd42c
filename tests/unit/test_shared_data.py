"""What the directory says about a new file's rights; no user has a say in it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.shared_data import file_mode, is_shared, make_directory, share


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(
    ("mode", "shared"),
    [
        (0o2750, True),
        (0o2770, True),
        (0o700, False),
        (0o770, False),
        (0o2700, False),
        (0o2755, False),
    ],
    ids=oct,
)
def test_a_directory_is_a_group_s_that_passes_its_group_on_and_lets_nobody_else_in(
    tmp_path: Path, mode: int, shared: bool
) -> None:
    tmp_path.chmod(mode)
    assert is_shared(tmp_path) is shared
    assert file_mode(tmp_path) == (0o660 if shared else 0o600)
    assert not is_shared(tmp_path / "none")


def _made(state: Path) -> tuple[int, int]:
    make_directory(state / "data")
    file = state / "data" / "file"
    os.close(os.open(file, os.O_CREAT | os.O_WRONLY, file_mode(file.parent)))
    return tuple(stat.S_IMODE(path.stat().st_mode) for path in (file.parent, file))  # type: ignore[return-value]


def test_what_is_typed_is_the_group_s_too_whatever_umask_the_shell_has(tmp_path: Path) -> None:
    tmp_path.chmod(0o2750)
    share(tmp_path)
    assert _made(tmp_path) == (0o2770, 0o660)
    make_directory(tmp_path / "data")  # there already


def test_a_box_of_one_user_stays_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    share(tmp_path)
    assert _made(tmp_path) == (0o700, 0o600)
    assert os.umask(0o022) == 0o022
