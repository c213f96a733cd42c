"""`hallvakt first-boot --answers` for real: an empty directory becomes a box, also when the run is
killed on the way; no secret is left in notes, report or output."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from appliance.core.errors import BadInput, WrongConfiguration
from appliance.rehearsal.free_ports import free_port
from tui.first_boot.answers import read_answers
from tui.first_boot.ceremony import make_directory

SECRETS = {
    "lead": "en lång lösenfras",
    "root": "rotens lösenfras",
    "reviewer": "granskarens fras",
    "bo": "bos långa lösenfras",
}
ANSWERS = """
[network]
name = "Aula"
certificate_names = ["localhost", "127.0.0.1"]
port = {port}
lan_name = "exambox"
[people]
lead = "ingrid"
passphrase = {{ file = "lead.txt" }}
second_factor_file = "ingrid.otpauth"
[[people.more]]
name = "bo"
role = "technician"
passphrase = {{ file = "bo.txt" }}
second_factor_file = "bo.otpauth"
[[people.more]]
name = "dora"
role = "data_protection_officer"
passphrase = {{ file = "bo.txt" }}
second_factor = false
[certificate]
export = "trust"
[keys]
directory = "stick"
root_passphrase = {{ fd = {fd} }}
reviewer_passphrase = {{ file = "reviewer.txt" }}
[cloud]
file = "cloud.toml"
[rehearsal]
skip = "the class comes tomorrow"
[report]
file = "report.md"
"""

# The doctor asks the LAN who has the box's name: a LAN of the test's own.
_CARD = "ip link set lo up && ip link add lan0 type veth peer lan1 && ip link set lan1 up"
_UP = "ip address add 10.20.0.5/24 dev lan0 && ip link set lan0 up"
_ALONE = ("unshare", "--net", "sh", "-c", f'{_CARD} && {_UP} && exec "$@"', "sh")
_LAN = _ALONE if os.geteuid() == 0 else ()

_IN_A_FILE = 'root_passphrase = { file = "root.txt" }'


class FirstBoot:
    """An answers file and its secrets in a directory, and the command over it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / "box"
        self.notes = directory / "box-first-boot.json"
        for name in ("lead", "reviewer", "bo"):
            (directory / f"{name}.txt").write_text(f"{SECRETS[name]}\n")
            (directory / f"{name}.txt").chmod(0o600)
        self._reading = os.open(os.devnull, os.O_RDONLY)
        (directory / "cloud.toml").write_text('[cloud]\nobjects = "directory"\ndirectory = "nas"\n')
        self.answers = directory / "answers.toml"
        self.answers.write_text(ANSWERS.format(port=free_port(), fd=self._reading))

    def start(self) -> subprocess.Popen[str]:
        reading, writing = os.pipe()  # what a run before this one read of it is gone
        os.write(writing, f"{SECRETS['root']}\n".encode())
        os.close(writing)
        os.dup2(reading, self._reading)
        os.close(reading)
        words = ["first-boot", "--answers", str(self.answers), "--state", str(self.state)]
        return subprocess.Popen(
            [*_LAN, sys.executable, "-m", "appliance.cli.main", *words, "--language", "en"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            pass_fds=(self._reading,),
            start_new_session=True,
        )

    def run(self) -> tuple[int, str, str]:
        with self.start() as process:
            out, said = process.communicate(timeout=100)
        return process.returncode, out, said

    def noted(self) -> dict[str, dict[str, object]]:
        notes: dict[str, dict[str, object]] = json.loads(self.notes.read_text())["notes"]
        return notes

    def close(self) -> None:
        os.close(self._reading)


@pytest.fixture
def first_boot() -> Iterator[FirstBoot]:
    with TemporaryDirectory(prefix="hv-") as directory:
        made = FirstBoot(Path(directory))
        yield made
        made.close()


def test_an_empty_directory_becomes_a_box_also_when_killed_on_the_way(
    first_boot: FirstBoot,
) -> None:
    process = first_boot.start()
    assert process.stdout is not None
    before = []
    for line in process.stdout:
        before.append(line)
        if line.startswith("Certificate: done"):
            os.killpg(process.pid, signal.SIGKILL)  # and what it has just started, as a power cut
            break
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()
    assert process.wait(60) == -signal.SIGKILL
    assert [line.split(":")[0] for line in before] == [
        "Hardware", "Network and names", "Time", "People", "Certificate",
    ]  # fmt: skip
    box = (first_boot.state / "box.toml").read_text()
    assert 'name = "Aula"' in box
    assert 'lan_name = "exambox"' in box
    assert _logins(first_boot.state) == [
        ("bo", "technician", True),
        ("dora", "data_protection_officer", False),
        ("ingrid", "lead_invigilator", True),
    ]

    # This cloud does not say where records go: the step says so, and what came before stays done.
    code, out, said = first_boot.run()
    assert code == 3, said
    assert out.startswith("Key ceremony: done.")
    assert said.startswith("hallvakt: Cloud: ")
    assert "cloud.records_uri_file" in said
    assert (first_boot.state / "box.toml").read_text() == box
    assert set(first_boot.noted()) == {
        "hardware", "network", "time", "people", "certificate", "keys",
    }  # fmt: skip

    (first_boot.directory / "cloud.toml").unlink()
    _without_cloud(first_boot.answers)
    code, out, said = first_boot.run()
    doctor = subprocess.run(
        [*_LAN, sys.executable, "-m", "appliance.cli.main", "doctor",
         "--state", str(first_boot.state)],
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    assert (code, said) == (doctor.returncode, "")
    assert "Rehearsal: skipped. Skipped: the class comes tomorrow" in out

    report = (first_boot.directory / "report.md").read_text()
    shown = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "certificate", "show", "--json",
         "--state", str(first_boot.state)],
        capture_output=True,
        timeout=120,
    )  # fmt: skip
    assert json.loads(shown.stdout)["ca_fingerprint"] in report
    assert "ingrid" in report
    assert (first_boot.directory / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "| Head of school | ___" in report
    _no_secret_in(first_boot, "".join(before) + out + report + first_boot.notes.read_text())

    assert first_boot.run()[1] == "All is done. `hallvakt doctor` says how the box is.\n"


def _without_cloud(answers: Path) -> None:
    answers.write_text(re.sub(r"\[cloud\]\nfile = .*\n", "", answers.read_text()))


def _no_secret_in(first_boot: FirstBoot, text: str) -> None:
    secrets = []
    for name in ("ingrid", "bo"):
        handed_over = first_boot.directory / f"{name}.otpauth"
        assert handed_over.stat().st_mode & 0o077 == 0
        assert f"Hallvakt:{name}?" in handed_over.read_text()
        secrets += re.findall(r"secret=(\w+)", handed_over.read_text())
    assert len(set(secrets)) == 2
    assert first_boot.notes.stat().st_mode & 0o077 == 0
    share = (first_boot.directory / "stick" / "recovery" / "recovery-share-1.txt").read_text()
    for hidden in (*SECRETS.values(), *secrets, share.strip()):
        assert hidden not in text


def _logins(state: Path) -> list[tuple[str, str, bool]]:
    """Who has one, by name: what the person may be, and whether with one-time codes."""
    with closing(sqlite3.connect(state / "db" / "box.db")) as box:
        people = [json.loads(body) for (body,) in box.execute("SELECT body FROM users")]
    return sorted((p["name"], p["role"], p["totp_secret"] is not None) for p in people)


@pytest.mark.parametrize(
    ("before", "after", "code", "told"),
    [
        ("lan_name", "lan_nam", 3, "network.lan_nam is not known"),
        ("second_factor_file", "# second_factor_file", 3, "people.second_factor_file"),
        ('second_factor_file = "bo', '# "bo', 3, "where bo's secret for one-time codes goes"),
        ("[people]", 'uplink = "eht1"\n[people]', 2, "has no network card eht1"),
        ('"localhost"', '"lådan.se"', 3, "Network and names: lådan.se is neither an address nor"),
        ("lead.txt", "led.txt", 2, "led.txt cannot be read"),
        ("port = ", "port = 7", 2, "between 1 and 65535"),
        ("[people]", "[people", 3, "cannot be read as TOML"),
    ],
)
def test_wrong_answers_are_refused_in_words(
    first_boot: FirstBoot, before: str, after: str, code: int, told: str
) -> None:
    written = first_boot.answers.read_text().replace(before, after, 1)
    first_boot.answers.write_text(written)
    found, _, said = first_boot.run()
    assert (found, told in said) == (code, True), said
    assert len(said.splitlines()) == 1
    assert not first_boot.state.exists()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('role = "technician"', 'role = "caretaker"', "people.more[0].role must be one of inv"),
        ("[report]", "[reports]", "reports is not known"),
        ("port = ", 'port = "8443" #', "network.port must be a whole number."),
        ('directory = "stick"', "", "keys.directory is missing: add it"),
        ('lead = "ingrid"', 'lead = "l\udce5s"', "answers.toml is not UTF-8 text: save it"),
        ("second_factor = false", "second_factor = []", "second_factor must be true or false."),
    ],
)
def test_a_mistake_in_the_file_is_told_with_its_place(
    before: str, after: str, told: str, tmp_path: Path
) -> None:
    file = tmp_path / "answers.toml"
    written = ANSWERS.format(port=8443, fd=3).replace(before, after, 1)
    file.write_text(written, errors="surrogateescape")
    with pytest.raises(WrongConfiguration) as refused:
        read_answers(file)
    assert told in refused.value.message
    file.unlink()
    with pytest.raises(WrongConfiguration, match="No such file"):
        read_answers(file)


def test_a_secret_that_others_may_read_is_refused(first_boot: FirstBoot) -> None:
    (first_boot.directory / "lead.txt").chmod(0o644)
    code, _, said = first_boot.run()
    assert code == 2
    assert "chmod 600" in said
    assert not first_boot.state.exists()


def test_what_an_earlier_run_decided_on_the_network_gives_way_to_the_file_of_now(
    first_boot: FirstBoot,
) -> None:
    (first_boot.directory / "bo.txt").write_text("kort\n")
    code, _, said = first_boot.run()
    assert (code, said) == (
        2,
        "hallvakt: People: bo: A passphrase has at least 10 characters: choose one.\n",
    )
    (first_boot.directory / "bo.txt").write_text(f"{SECRETS['bo']}\n")
    (first_boot.directory / "root.txt").write_bytes("nyckel på svenska".encode("latin-1"))
    (first_boot.directory / "root.txt").chmod(0o600)
    mended = first_boot.answers.read_text().replace('lan_name = "exambox"', 'lan_name = "provbox"')
    first_boot.answers.write_text(re.sub(r"root_passphrase = .*", _IN_A_FILE, mended))
    code, _, said = first_boot.run()
    assert (code, "root.txt is not UTF-8 text: save it" in said) == (2, True), said
    assert 'lan_name = "provbox"' in (first_boot.state / "box.toml").read_text()


def test_the_example_of_the_help_is_an_answers_file(tmp_path: Path) -> None:
    help_ = subprocess.run(
        [sys.executable, "-m", "appliance.cli.main", "first-boot", "--help"],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    file = tmp_path / "answers.toml"
    file.write_text(help_[help_.index("[network]") :])
    assert read_answers(file).people.more[0].name == "bo"
    assert read_answers(file).rehearsal.minutes == 5  # what the first boot promises


def test_a_second_factor_that_nobody_has_stops_the_run(first_boot: FirstBoot) -> None:
    """As after a kill between the making of the box and the writing of its first secret."""
    first_boot.state.mkdir()
    (first_boot.state / "box.toml").write_text("")
    first_boot.notes.write_text('{"notes": {"people": {"standing": "begun"}}}')
    code, _, said = first_boot.run()
    assert code == 4
    assert "begin again" in said


def test_a_stick_that_only_root_may_write_is_said_with_how_to_mount_it(tmp_path: Path) -> None:
    """As one is that was mounted without a word about whose it is."""
    make_directory(tmp_path / "stick" / "keys")
    assert stat.S_IMODE((tmp_path / "stick" / "keys").stat().st_mode) == 0o700
    asked = []

    def refused(path: Path, what: int) -> bool:
        asked.append((path, what))
        return False

    with pytest.raises(BadInput) as said:
        make_directory(tmp_path / "stick", refused)
    assert asked == [(tmp_path / "stick", os.W_OK | os.X_OK)]
    me = pwd.getpwuid(os.geteuid()).pw_name
    assert f"not to be written by {me}, as whom this runs" in said.value.message
    assert f"mount -o uid={me} DEVICE" in said.value.message
    (tmp_path / "file").touch()
    with pytest.raises(BadInput, match="Not a directory"):
        make_directory(tmp_path / "file" / "keys")
