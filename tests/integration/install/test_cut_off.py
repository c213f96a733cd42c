"""A power cut in the middle of an update, and of what ends it: a person, or the box as it starts
(`hallvakt-update.service`; that systemd does is tested in tests/machine)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from appliance.processes.checkup_parts import update_notes
from tests.integration.install.scripts import put_version, running, sign, update

# Stands where the script waits for the disk, and ends it there the CUT-th time.
_SYNC = '#!/bin/sh\necho >>"$0.calls"\n[ "$(wc -l <"$0.calls")" != "$CUT" ] || kill -9 $PPID\n'
# systemd, as far as the script speaks to it: writes down what it is asked, with the unit of then.
_SAYS = '#!/bin/sh\necho "${0##*/} $1 $(head -n 1 "$UNIT" 2>/dev/null)" >>"$SAID"\n'
_GATEWAY = "hallvakt-gateway.service"


class Box:
    """Two versions, of which the second may not answer; systemd and sync are ours."""

    def __init__(self, root: Path, programs: Path, answers: bool) -> None:
        self.root = root
        self.opt = root / "opt" / "hallvakt"
        self.units = root / "etc" / "systemd" / "system"
        self._programs = programs
        programs.mkdir()
        for name, text in (("sync", _SYNC), ("systemctl", _SAYS), ("systemd-notify", _SAYS)):
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        answer = "hallvakt_media_workers 2.0" if answers else ""
        put_version(self.opt / "versions" / "0.2.0", "0.2.0", answer)
        for number in ("0.1.0", "0.2.0"):
            _with_scripted_snapshots(self.opt / "versions" / number)
            unit = self.opt / "versions" / number / "systemd" / _GATEWAY
            unit.write_text(f"# {number}\n" * 1000)
        self._known = {path.read_bytes() for path in self.opt.glob("versions/*/systemd/*")}

    def call(self, *words: str, cut: int = 0, at_start: bool = False) -> tuple[int, str]:
        """Of update.sh: its exit code and all it said. `cut`: the sync at which it is killed."""
        for name in ("sync.calls", "said"):
            (self._programs / name).unlink(missing_ok=True)
        done = update(
            self.root,
            *words,
            systemctl=str(self._programs / "systemctl"),
            PATH=f"{self._programs}:{os.environ['PATH']}",
            CUT=str(cut),
            SAID=str(self._programs / "said"),
            UNIT=str(self.units / _GATEWAY),
            NOTIFY_SOCKET="@nobody" if at_start else "",
        )
        return done.returncode, done.stdout + done.stderr

    def start(self, cut: int = 0) -> tuple[int, str]:
        """The machine starts, and with it the unit, where its condition is met."""
        if not (self.opt / "unfinished").exists():
            return 0, ""
        return self.call("--finish", cut=cut, at_start=True)

    @property
    def asked(self) -> list[str]:
        """What systemd was asked by the last call."""
        return (self._programs / "said").read_text().splitlines()

    def whole(self) -> None:
        assert (self.opt / os.readlink(self.opt / "current") / "complete").exists()
        assert {unit.read_bytes() for unit in self.units.glob("hallvakt*")} <= self._known

    def finished(self) -> str:
        """The version that runs, whose units are there; nothing is open."""
        assert update_notes(self.opt)[0] == []
        version = running(self.root).removeprefix("versions/")
        assert self.asked_unit() in {"", f"# {version}"}
        return version

    def asked_unit(self) -> str:
        unit = self.units / _GATEWAY
        return unit.read_text().splitlines()[0] if unit.exists() else ""

    def as_before(self) -> None:
        (self.opt / "current").unlink()
        (self.opt / "current").symlink_to("versions/0.1.0")


@pytest.fixture
def box(installed: Path, release: Path, answers: bool) -> Box:
    return Box(installed, release / "programs", answers)


def _with_scripted_snapshots(directory: Path) -> None:
    """Its databases are somebody else's test; it starts at once."""
    command = directory / ".venv" / "bin" / "hallvakt"
    command.write_text(
        command.read_text().replace("exec ", '[ "$1" != snapshot ] || exit 0\nexec ')
    )


@pytest.mark.parametrize("answers", [True, False])
def test_a_power_cut_at_any_step_is_ended_by_the_next_start(
    box: Box, release: Path, answers: bool
) -> None:
    """The script is killed where it waits for the disk, one step later each time, until one comes
    through. After each, one version runs and every unit is whole. The machine starts; the power
    goes once more while it ends that; it starts again."""
    bundle, cut, told = str(sign(release, "0.2.0")), 0, set[tuple[str, ...]]()
    while True:
        cut += 1
        code, said = box.call("--bundle", bundle, cut=cut)
        if code != -9:
            break
        box.whole()
        told.add(tuple(update_notes(box.opt)[0]))  # by the doctor, until it is finished
        box.start(cut=cut % 5 + 1)
        box.whole()
        code, said = box.start()
        assert code == 0, (cut, said)
        version = box.finished()
        assert answers or version == "0.1.0"
        assert box.start() == (0, "")  # no loop: nothing is left to do
        box.as_before()  # and once more, from the beginning
    assert cut > 6
    assert told == {(), ("0.1.0", "0.2.0")}  # before the switch nothing is broken off
    assert code == (0 if answers else 5), said
    assert box.finished() == ("0.2.0" if answers else "0.1.0")
    assert update_notes(box.opt) == ([], [])  # it went through: nothing to tell


def _cut_at_the_units(box: Box) -> None:
    """The new version is the one that runs, with units of the old one beside its own."""
    (box.opt / "unfinished").write_text("0.1.0 0.2.0\n")
    (box.opt / "current").unlink()
    (box.opt / "current").symlink_to("versions/0.2.0")
    box.units.mkdir(parents=True)
    shutil.copy(box.opt / "versions" / "0.1.0" / "systemd" / _GATEWAY, box.units)


@pytest.mark.parametrize("answers", [True])
def test_units_are_whole_before_the_gateway_may_start(box: Box, answers: bool) -> None:
    _cut_at_the_units(box)
    code, said = box.start()
    assert code == 0, said
    assert box.asked == [
        "systemctl daemon-reload # 0.2.0",
        "systemd-notify --ready # 0.2.0",
        "systemctl start # 0.2.0",  # not restarted: it has just started, with these units
    ]
    assert "The power was cut when version 0.1.0 gave way to version 0.2.0" in said
    assert "Version 0.2.0 runs." in said
    assert update_notes(box.opt) == ([], ["0.1.0", "0.2.0", "0.2.0"])
    code, said = box.call("--finish")  # by a person, who has read it
    assert (code, said) == (0, "Nothing is cut off: version 0.2.0 runs.\n")
    assert update_notes(box.opt) == ([], [])


@pytest.mark.parametrize("answers", [False])
def test_a_version_that_does_not_answer_at_the_start_gives_way(box: Box, answers: bool) -> None:
    _cut_at_the_units(box)
    code, said = box.start()
    assert code == 0, said
    assert box.finished() == "0.1.0"
    assert "going back to 0.1.0" in said
    assert "Version 0.1.0 runs again. Look at the log" in said
    assert update_notes(box.opt) == ([], ["0.1.0", "0.2.0", "0.1.0"])


@pytest.mark.parametrize("answers", [False])
def test_what_cannot_be_ended_is_left_as_it_is_and_said(box: Box, answers: bool) -> None:
    """Nothing to go back to, as after somebody tidied up; and a note that says nothing."""
    _cut_at_the_units(box)
    shutil.rmtree(box.opt / "versions" / "0.1.0")
    for note in ("0.1.0 0.2.0\n", ""):
        (box.opt / "unfinished").write_text(note)
        code, said = box.start()
        assert (code, "does not answer with version 0.2.0" in said) == (5, True), said
        assert running(box.root) == "versions/0.2.0"
        assert box.asked_unit() == "# 0.2.0"
        assert "systemctl stop # 0.2.0" not in box.asked
        assert (box.opt / "unfinished").exists()
    (box.opt / "versions" / "0.2.0" / "complete").unlink()
    code, said = box.start()
    assert (code, "Version 0.2.0 is not whole: nothing was changed" in said) == (6, True), said
