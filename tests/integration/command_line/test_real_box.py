"""The commands of an exam day against a box that `hallvakt serve` really runs."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from appliance.cli import seb_file
from appliance.rehearsal.free_ports import free_port
from tests.support.starting import WHY

PASSPHRASE = "ett långt lösenord"
SETTINGS = """
[exam]
title = "Matematik 3c"
language = "en"
[features]
video_snippets = true
[retention]
days = 30
"""


class Box:
    """A box in a directory of its own, and how people command it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.state = directory / "box"

    def __call__(self, *arguments: str, passphrase: str | None = PASSPHRASE) -> Any:
        done = self.run(*arguments, passphrase=passphrase)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(
        self, *arguments: str, passphrase: str | None = PASSPHRASE, second: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "appliance.cli.main", *arguments, "--json"]
        with ExitStack() as pipes:
            fds = []
            for option, secret in (
                ("--passphrase-fd", passphrase),
                ("--new-passphrase-fd", second),
            ):
                if secret is not None:
                    reading, writing = os.pipe()
                    os.write(writing, f"{secret}\n".encode())
                    os.close(writing)
                    pipes.callback(os.close, reading)
                    words += [option, str(reading)]
                    fds.append(reading)
            return subprocess.run(words, capture_output=True, text=True, timeout=120, pass_fds=fds)

    def lead(self, *arguments: str) -> Any:
        return self(*arguments, "--as", "lead", "--state", str(self.state))

    def refused(self, *arguments: str, passphrase: str = PASSPHRASE) -> tuple[int, str]:
        words = (*arguments, "--state", str(self.state))
        done = self.run(*words, passphrase=passphrase)
        assert done.stdout == ""
        return done.returncode, done.stderr


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("school"))
    keys = box.directory / "offline"
    keys.mkdir()
    ports = [str(free_port()) for _ in range(3)]
    box(
        *("init", "--state", str(box.state), "--lead", "lead", "--no-second-factor"),
        *("--host", "127.0.0.1", "--port", ports[0]),
        *("--relay-port", ports[1], "--relay-tls-port", ports[2]),
    )
    box("keys", "root", "create", "--out", str(keys / "root.key"))
    box("keys", "reviewer", "create", "--label", "Board", "--out", str(keys / "reviewer.key"))
    box("keys", "recovery", "create", "--out-dir", str(keys / "recovery"), passphrase=None)
    box(
        *("keys", "recipients", "sign", "--root", str(keys / "root.key")),
        *("--out", str(keys / "recipients.json"), str(keys / "reviewer.key.pub")),
        *map(str, (keys / "recovery").glob("*.pub")),
    )
    box(
        *("keys", "recipients", "install", str(keys / "recipients.json")),
        *("--root", str(keys / "root.key.pub"), "--state", str(box.state)),
        passphrase=None,
    )
    log = (box.directory / "serve.log").open("w")
    serving = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", "serve", "--state", str(box.state)],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        assert serving.stdout is not None
        said = serving.stdout.readline()
        assert said == f"ready https://127.0.0.1:{ports[0]}\n", Path(log.name).read_text()
        yield box
    finally:
        serving.terminate()
        rest, _ = serving.communicate(timeout=100)
        log.close()
    assert rest == ""
    assert serving.returncode == 0


@pytest.fixture
def exam(box: Box, tmp_path: Path) -> dict[str, Any]:
    """An exam with a roster, in `draft`."""
    (tmp_path / "exam.toml").write_text(SETTINGS)
    made: dict[str, Any] = box.lead("exam", "create", str(tmp_path / "exam.toml"))
    roster = tmp_path / "roster.csv"
    roster.write_bytes(
        "namn;nummer;plats;sal\nKandidat Öst;1;a1;Aulan\nKandidat Ek;2;a2;Aulan\n".encode("latin-1")
    )
    refused = box.refused("exam", "import-roster", made["code"], str(roster), "--as", "lead")
    assert refused[0] == 2
    assert "--encoding latin-1" in refused[1]
    imported = box.lead("exam", "import-roster", made["code"], str(roster), "--encoding", "latin-1")
    assert imported["candidates"] == 2
    return made


def test_an_exam_from_draft_to_closed(box: Box, exam: dict[str, Any], tmp_path: Path) -> None:
    code, name = exam["code"], exam["exam_id"]
    assert box.lead("exam", "ready", code)["state"] == "ready"
    pdf = tmp_path / "slips.pdf"
    slips = box.lead("exam", "slips", code, "--pdf", str(pdf))["slips"]
    assert {(slip["name"], slip["seat"]) for slip in slips} == {
        ("Kandidat Öst", "A1"),
        ("Kandidat Ek", "A2"),
    }
    assert pdf.read_bytes().startswith(b"%PDF-")
    seb = tmp_path / "exam.seb"
    made = box.lead("exam", "seb-config", code, "--out", str(seb))
    chosen = seb_file.decode(seb.read_bytes())
    assert chosen["startURL"] == made["start_url"] == f"{slips[0]['url'].split('?')[0]}?e={code}"
    authority = ssl.PEM_cert_to_DER_cert((box.state / "tls" / "ca.pem").read_text())
    assert chosen["embeddedCertificates"][0]["certificateData"] == authority
    assert box.lead("exam", "open", name)["state"] == "open"
    looked = box.run("exam", "gate", code, "--as", "lead", "--state", str(box.state))
    gate = json.loads(looked.stdout)
    assert looked.returncode == (0 if gate["passed"] else 4)
    assert not any(check["status"] == "fail" for check in gate["checks"])
    assert {"disk", "clock", "certificate", "roster", "pepper"} <= {
        c["name"] for c in gate["checks"]
    }
    attempts = box.lead("attempt", "list", code)["attempts"]
    assert [(seat["seat"], seat["name"]) for seat in attempts] == [
        ("A1", "Kandidat Öst"),
        ("A2", "Kandidat Ek"),
    ]
    shown = box.lead("attempt", "show", name, attempts[0]["attempt_id"])
    assert shown["seat"]["seat"] == "A1"
    assert box.lead("exam", "start", name, "--override", WHY)["state"] == "live"
    assert box.lead("exam", "status", name)["state"] == "live"
    exit_code, said = box.refused("exam", "close", name, "--as", "lead")
    assert exit_code == 4
    assert "cannot be undone" in said
    assert box.lead("exam", "close", name, "--yes")["live_key_destroyed"] is True
    listed = {row["exam_id"]: row["state"] for row in box.lead("exam", "list")["exams"]}
    assert listed[name] == "closed"


def test_people_come_and_go(box: Box) -> None:
    words = ("user", "add", "vakt", "invigilator", "--no-second-factor", "--all-exams")
    done = box.run(*words, "--as", "lead", "--state", str(box.state), second="ett annat lösenord")
    assert done.returncode == 0, done.stderr
    assert {"lead", "vakt"} <= {person["name"] for person in box.lead("user", "list")["users"]}
    mine = box.run(
        *("exam", "list", "--as", "vakt", "--state", str(box.state)),
        passphrase="ett annat lösenord",
    )
    assert mine.returncode == 0
    not_mine = box.refused("user", "list", "--as", "vakt", passphrase="ett annat lösenord")
    assert not_mine[0] == 4
    box.lead("user", "remove", "vakt")
    assert box.refused("exam", "list", "--as", "vakt", passphrase="ett annat lösenord")[0] == 4


def test_refusals_keep_their_exit_codes(box: Box, exam: dict[str, Any], tmp_path: Path) -> None:
    assert box.refused("exam", "list", "--as", "lead", passphrase="not the passphrase")[0] == 4
    assert box.refused("exam", "status", "NOSUCH", "--as", "lead")[0] == 2
    exit_code, said = box.refused("exam", "start", exam["exam_id"], "--as", "lead")
    assert exit_code == 4, said


def test_a_refused_step_names_the_command_that_leads_on(
    box: Box, exam: dict[str, Any], tmp_path: Path
) -> None:
    code = exam["code"]
    bare = box.lead("exam", "create", str(tmp_path / "exam.toml"))["code"]
    no_roster = box.refused("exam", "ready", bare, "--as", "lead")
    assert no_roster[0] == 4
    assert f"`hallvakt exam import-roster {bare} FILE`" in no_roster[1]
    for early, leads_on in (("start", "ready"), ("start", "open"), ("ready", "start")):
        exit_code, said = box.refused("exam", early, code, "--as", "lead")
        assert exit_code == 4
        assert f"`hallvakt exam {leads_on} {code}`" in said
        if leads_on != "start":
            box.lead("exam", leads_on, code)
    box.lead("exam", "close", code, "--yes")
    assert "hallvakt exam" not in box.refused("exam", "open", code, "--as", "lead")[1]


def test_a_second_supervisor_is_refused(box: Box) -> None:
    words = [sys.executable, "-m", "appliance.cli.main", "serve", "--state", str(box.state)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 4
    assert "running already" in done.stderr
