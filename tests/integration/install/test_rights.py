"""What `hallvakt-rights.service` does to a box's files, tried as their owner."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.shared_data import file_mode, is_shared
from tests.support.apart import DATA, GATEWAY, NUMBERS, bring_over, of_one_user, somewhere

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")

_ANOTHER = 64_299


@pytest.fixture
def state() -> Iterator[Path]:
    with somewhere() as directory:
        state = directory / "box"
        for name in ("db", "blobs/ab", "live/exam", "keys", "tls", "run", "snapshots/before"):
            (state / name).mkdir(parents=True)
        (state / "run" / "drill-x1").mkdir()
        for name in (
            "box.toml", "db/box.db", "blobs/ab/one", "live/exam/wrap", "keys/box_signing.pem",
            "keys/recipients.json", "keys/gcs.json", "tls/box.key", "tls/box.pem",
            "run/gateway.lock", "snapshots/before/box.db",
        ):  # fmt: skip
            (state / name).write_text("kept")
        (state / "box.toml").write_text('[cloud]\ncredentials_file = "keys/gcs.json"\n')
        of_one_user(state)
        yield state


def _seen(state: Path) -> dict[str, str]:
    """Mode and group of everything, by its name."""
    found = {}
    for path in (state, *state.rglob("*")):
        about = path.lstat()
        group = "data" if about.st_gid == DATA else "own"
        found[str(path.relative_to(state))] = f"{stat.S_IMODE(about.st_mode):o} {group}"
    return found


def _done(state: Path, *more: str) -> dict[str, str]:
    brought = bring_over(state, *more)
    assert (brought.returncode, brought.stderr) == (0, "")
    return _seen(state)


def test_a_box_of_one_user_becomes_a_group_s_as_far_as_it_must(state: Path) -> None:
    seen = _done(state)
    assert seen == {
        ".": "2750 data",
        "box.toml": "640 data",
        **dict.fromkeys(("db", "blobs", "blobs/ab", "erased", "snapshots"), "2770 data"),
        **dict.fromkeys(("snapshots/before", "run/night", "run/night/drill-x1"), "2770 data"),
        **dict.fromkeys(("db/box.db", "blobs/ab/one", "snapshots/before/box.db"), "660 data"),
        **dict.fromkeys(("keys", "tls", "run"), "2750 data"),
        "keys/gcs.json": "640 data",  # which box.toml names, for the night
        **dict.fromkeys(("keys/box_signing.pem", "tls/box.key"), "600 data"),
        **dict.fromkeys(("live", "live/exam"), "700 own"),
        "live/exam/wrap": "600 own",
        **dict.fromkeys(("keys/recipients.json", "tls/box.pem"), "640 data"),
        "run/gateway.lock": "600 own",
    }
    before = {path: path.lstat().st_ctime_ns for path in state.rglob("*")}
    assert _done(state) == seen
    assert {path: path.lstat().st_ctime_ns for path in state.rglob("*")} == before
    assert is_shared(state)
    assert file_mode(state / "db") == 0o660
    assert file_mode(state / "live") == 0o600


def test_before_an_update_the_directory_stays_the_one_user_s(state: Path) -> None:
    seen = _done(state, "--before-update")
    assert seen.pop(".") == "700 own"
    after = _done(state)
    after.pop(".")
    assert after == seen


def test_what_came_meanwhile_and_what_a_version_of_one_user_made_is_brought_over(
    state: Path,
) -> None:
    seen = _done(state)
    mine = NUMBERS[GATEWAY]
    (state / "keys" / "gcs.json").chmod(0o600)  # a person, as the documentation of old said
    (state / "db" / "box.db").chmod(0o600)
    os.chown(state / "db" / "box.db", mine, mine)
    assert _done(state) == seen
    # Under the version before, systemd gives the directory back, and objects are stored.
    os.chown(state, mine, mine)
    state.chmod(0o700)
    (state / "blobs" / "ab" / "two").touch(0o600)
    os.chown(state / "blobs" / "ab" / "two", mine, mine)
    assert _done(state) == seen | {"blobs/ab/two": "660 data"}


def test_a_link_leads_to_no_key_and_what_is_another_s_stays(state: Path) -> None:
    key, theirs = state / "keys" / "box_signing.pem", state / "db" / "theirs"
    (state / "db" / "link").symlink_to(key)
    (state / "db" / "directory").symlink_to(state / "live")
    theirs.touch(0o640)
    os.chown(theirs, _ANOTHER, DATA)
    seen = _done(state)
    assert seen["keys/box_signing.pem"] == "600 data"
    assert seen["live/exam/wrap"] == "600 own"
    assert seen["db/theirs"] == "640 data"


def test_what_goes_meanwhile_is_no_fault(state: Path) -> None:
    """As the files that SQLite has beside a database do while the box is at work."""
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            for number in range(200):
                (state / "db" / f"{number}-wal").touch(mode=0o600)
            for number in range(200):
                (state / "db" / f"{number}-wal").unlink()

    coming_and_going = threading.Thread(target=come_and_go)
    coming_and_going.start()
    try:
        for _ in range(4):
            brought = bring_over(state)
            assert (brought.returncode, brought.stderr) == (0, "")
    finally:
        over.set()
        coming_and_going.join()
