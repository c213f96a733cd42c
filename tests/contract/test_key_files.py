"""KeyFiles: peppers and wraps."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.adapters.crypto.key_files import LiveKeyFiles
from appliance.core.errors import BadInput, IntegrityFailure, Locked
from appliance.core.ids import ExamId, UserId
from appliance.core.keys import LiveWrap

EXAM, OTHER = ExamId("0e" * 16), ExamId("0f" * 16)
WRAP = LiveWrap(exam_id=EXAM, user_id=UserId("01" * 16), salt=bytes(16), wrapped=b"w" * 60)
PEPPER = b"\xa5" * 32


@pytest.fixture
def files(tmp_path: Path) -> LiveKeyFiles:
    return LiveKeyFiles(tmp_path / "live")


def test_pepper_and_wraps_are_kept_per_exam(files: LiveKeyFiles) -> None:
    with pytest.raises(Locked):
        files.pepper(EXAM)
    assert list(files.wraps(EXAM)) == []
    files.put_pepper(EXAM, PEPPER)
    files.put_wrap(WRAP)
    second = replace(WRAP, user_id=UserId("02" * 16), salt=b"s" * 16)
    files.put_wrap(second)
    assert files.pepper(EXAM) == PEPPER
    assert list(files.wraps(EXAM)) == [WRAP, second]
    with pytest.raises(Locked):
        files.pepper(OTHER)


def test_a_wrap_replaces_the_same_person_s(files: LiveKeyFiles) -> None:
    files.put_wrap(WRAP)
    files.put_wrap(replace(WRAP, wrapped=b"new" * 20))
    assert [wrap.wrapped for wrap in files.wraps(EXAM)] == [b"new" * 20]


def test_destroy_leaves_nothing_and_is_idempotent(files: LiveKeyFiles, tmp_path: Path) -> None:
    files.put_pepper(EXAM, PEPPER)
    files.put_pepper(OTHER, PEPPER)
    files.put_wrap(WRAP)
    files.destroy(EXAM)
    files.destroy(EXAM)
    assert os.listdir(tmp_path / "live") == [OTHER]
    with pytest.raises(Locked):
        files.pepper(EXAM)
    assert files.pepper(OTHER) == PEPPER


@pytest.mark.parametrize("act", ["destroy", "replace"])
def test_old_bytes_are_overwritten_not_only_unlinked(
    act: str, files: LiveKeyFiles, tmp_path: Path
) -> None:
    """A second name for the same file shows what became of the bytes themselves."""
    files.put_pepper(EXAM, PEPPER)
    os.link(tmp_path / "live" / EXAM / "pepper", tmp_path / "second-name")
    {
        "destroy": lambda: files.destroy(EXAM),
        "replace": lambda: files.put_pepper(EXAM, bytes(32)),
    }[act]()
    assert (tmp_path / "second-name").read_bytes() == bytes(32)


def test_files_are_their_owner_s_only(files: LiveKeyFiles, tmp_path: Path) -> None:
    files.put_wrap(WRAP)
    for path in (tmp_path / "live").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0


def test_names_from_outside_never_become_paths(files: LiveKeyFiles) -> None:
    with pytest.raises(BadInput):
        files.put_pepper(ExamId("../../etc"), PEPPER)
    with pytest.raises(BadInput):
        files.put_wrap(replace(WRAP, user_id=UserId("../pepper")))


def test_a_cut_wrap_is_an_integrity_failure(files: LiveKeyFiles, tmp_path: Path) -> None:
    files.put_wrap(WRAP)
    (tmp_path / "live" / EXAM / f"wrap-{WRAP.user_id}").write_bytes(b"short")
    with pytest.raises(IntegrityFailure):
        files.wraps(EXAM)
