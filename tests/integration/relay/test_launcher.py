"""What coturn could do if somebody broke into it: another program is put in its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.adapters.host import landlock
from appliance.adapters.host.tls import TlsFiles
from appliance.adapters.relay.place import Children
from appliance.processes.foundation import _relay_places
from appliance.processes.relay_launcher import launcher


@pytest.fixture
def box(tmp_path: Path) -> Path:
    for name in ("tls/box.pem", "tls/ca.key", "keys/box_signing.pem", "db/box.db"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("content of " + name)
    (tmp_path / "run").mkdir()
    return tmp_path


def _in_its_place(box: Path, command: str) -> subprocess.CompletedProcess[str]:
    words = launcher([box / "tls" / "box.pem"])(box / "run")
    return subprocess.run(
        [*words, "sh", "-c", command], capture_output=True, text=True, timeout=120, cwd=box / "run"
    )


def test_this_kernel_has_landlock() -> None:
    """Where it has not, the relay still runs, but with less around it: then nothing here holds."""
    assert landlock.version() > 0, f"{sys.platform} without Landlock"


def test_it_reads_its_certificate_and_writes_its_own_directory(box: Path) -> None:
    done = _in_its_place(box, f"cat {box}/tls/box.pem && echo log > coturn.log && cat coturn.log")
    assert (done.returncode, done.stdout) == (0, "content of tls/box.pemlog\n"), done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "cat {box}/tls/ca.key",
        "cat {box}/keys/box_signing.pem",
        "cat {box}/db/box.db",
        "ls {box}/keys",
        "echo x > {box}/db/box.db",
        "echo x > {box}/tls/box.pem",
        "rm {box}/db/box.db",
        "cp /bin/true own && chmod +x own && ./own",  # no program of its own making
        "cat {box}/run/../keys/box_signing.pem",
        "ln -s {box}/keys/box_signing.pem link && cat link",
    ],
)
def test_it_reaches_nothing_else_of_the_box(box: Path, command: str) -> None:
    done = _in_its_place(box, command.format(box=box))
    assert done.returncode != 0
    assert "content of" not in done.stdout
    assert (box / "db" / "box.db").read_text() == "content of db/box.db"
    assert (box / "tls" / "box.pem").read_text() == "content of tls/box.pem"


def test_the_certificate_is_the_one_that_is_served_when_the_relay_starts(box: Path) -> None:
    """Not that of the gateway's start: a school may have brought its own since, or taken it."""
    places = _relay_places(TlsFiles.below(box / "tls"), None)
    assert isinstance(places, Children)

    def given() -> list[str]:
        return [*map(str, places._tls() or ()), *places._launcher(box / "run")]

    own, public = str(box / "tls" / "box.pem"), str(box / "tls" / "public.pem")
    assert given().count(own) == 2
    Path(public).touch()
    assert (given().count(own), given().count(public)) == (0, 2)
    Path(public).unlink()
    assert given().count(own) == 2
