"""What tests on a whole machine begin with, whatever it is made of: root, programs of Debian's, a
directory of their own, and signed bundles of this tree."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machine.bundles import Bundles
from tests.support.box import ROOT


@contextmanager
def work_for(kind: str, needs: Mapping[str, str]) -> Iterator[Path]:
    """`kind`: of the script that installs all, `test_KIND.sh`. `needs`: program or file, and the
    Debian package it is in. Fails the test, with what to do, where something lacks."""
    if os.geteuid() != 0:
        pytest.fail(f"Run firmware_scripts/test_{kind}.sh as root: it makes networks of its own.")
    if lacking := [package for what, package in needs.items() if not _there(what)]:
        words = " ".join(lacking)
        pytest.fail(f"Run firmware_scripts/test_{kind}.sh, or first: apt-get install {words}")
    directory = Path(tempfile.mkdtemp(prefix=f"hallvakt-{kind}-"))
    yield directory
    shutil.rmtree(directory)


def bundles_in(work: Path) -> Bundles:
    """With the packages of the bundle that `HALLVAKT_BUNDLE` names, or with new ones."""
    given = os.environ.get("HALLVAKT_BUNDLE")
    return Bundles(work / "bundles", Path(given) if given else None, before())


def before() -> Path:
    """The tree that is installed first: this one, or an older one."""
    return Path(os.environ.get("HALLVAKT_BEFORE", ROOT))


def _there(what: str) -> bool:
    return Path(what).exists() if what.startswith("/") else shutil.which(what) is not None
