"""A full disk and a read-only one under everything that writes: said with the disk's name and what
to do, what was there is as before, no half of the new, and it works once the disk is mended."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.host import tls
from appliance.cli.main import run
from appliance.config.box import CloudConfig, load
from appliance.core.errors import Unreachable
from appliance.core.keys import RecipientKind
from tests.integration.backup.conftest import ceremony
from tests.integration.faults.writing import ELSEWHERE, PLACES, Command, Here, SentenceError, Work
from tests.support.closed_exam import ClosedExam, closed_exam
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.writers import SAFE, writers

_needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a tmpfs needs root")
_SAID = {"full": ("full", "room"), "read-only": ("read-only", "disk", "look")}


def test_every_place_that_writes_has_its_case() -> None:
    """A new one belongs into `writing.py`, unless it writes by `appliance/whole_file.py` alone."""
    found = {place for place, called in writers().items() if not called <= SAFE}
    tried = {place for places in PLACES.values() for place in places}
    left = {place for place in found if not place.startswith(tuple(ELSEWHERE))}
    assert left == tried
    assert all(any(p.startswith(known) for p in found) for known in ELSEWHERE)


@pytest.fixture(scope="module")
def disk() -> Iterator[SmallDisk]:
    with small_disk(12) as made:
        yield made


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> tuple[ClosedExam, PrivateKey]:
    recovery = PrivateKey.generate(RecipientKind.RECOVERY.value, "recovery")
    directory = tmp_path_factory.mktemp("writers")
    made = asyncio.run(closed_exam(directory / "box", CloudConfig(objects="none")))
    ceremony(made, recovery)
    names = load(made.state).web.names
    tls.make_authority(made.state / "tls", "Test", names, datetime.now(UTC))
    return made, recovery


@pytest.fixture
def here(
    disk: SmallDisk, template: tuple[ClosedExam, PrivateKey], tmp_path: Path
) -> Iterator[Here]:
    made, recovery = template
    state = disk.path / "box"
    shutil.copytree(made.state, state)
    copy = ClosedExam(state=state, reviewer=made.reviewer, colleague=made.colleague)
    yield Here(disk=disk.path, away=tmp_path, made=copy, recovery=recovery)
    disk.is_mended()
    for left in disk.path.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


@_needs_root
@pytest.mark.parametrize("trouble", list(_SAID))
@pytest.mark.parametrize("case", list(PLACES), ids=lambda case: case.__name__)
def test_a_broken_disk_is_said_and_costs_nothing(
    case: Callable[[Here], Work],
    trouble: str,
    here: Here,
    disk: SmallDisk,
    capsys: pytest.CaptureFixture[str],
) -> None:
    work = case(here)
    before = disk.files()
    disk.breaks(trouble)
    capsys.readouterr()
    code, said = _done(work, capsys)
    assert code == 5, said
    assert str(disk.path) in said or "box's disk" in said
    assert all(word in said for word in _SAID[trouble]), said
    assert disk.files() == before
    disk.is_mended()
    assert _done(work, capsys) == (0, "")
    assert disk.files() != before


def _done(work: Work, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and what was said, as a command would."""
    if isinstance(work, Command):
        reading, writing = os.pipe()
        os.write(writing, f"{work.passphrase}\n".encode())
        os.close(writing)
        more = ["--passphrase-fd", str(reading)] if work.passphrase else []
        code = run([*work.words, *more])
        os.close(reading)
    else:
        code = run([], partial(_called, work))
    return code, capsys.readouterr().err if code else ""


def _called(work: Callable[[], object], *_: object, **__: object) -> None:
    try:
        work()
    except SentenceError as said:
        raise Unreachable(str(said)) from None
