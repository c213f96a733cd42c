"""The supervisor with real processes: ready, restarts, stop, and the deaths of both sides."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path

import pytest

from appliance.adapters.host import tls
from appliance.core.errors import Refused
from appliance.processes.supervisor import alone, children
from appliance.rehearsal.free_ports import free_port
from tests.support.box import ROOT
from tests.support.gone import is_gone
from tests.support.preloaded import Preloaded

SUPERVISED = "tests.support.supervised"

# Answers TLS handshakes; writes its process id first, `stopped` when it is asked to end.
DOOR = """
import os, signal, socket, ssl, sys
port, cert, key, notes = sys.argv[1:]
def note(text):
    with open(notes, "a") as file: file.write(text + "\\n")
def stop(*_):
    note("stopped"); os._exit(0)
signal.signal(signal.SIGTERM, stop)
note(str(os.getpid()))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(cert, key)
server = socket.create_server(("127.0.0.1", int(port)))
while True:
    try: context.wrap_socket(server.accept()[0], server_side=True).close()
    except OSError: pass
"""
# Writes its process id, then does what it is told: `sleep`, or ends with that exit code.
OTHER = """
import os, sys, time
with open(sys.argv[1], "a") as file: file.write(str(os.getpid()) + "\\n")
if sys.argv[2] != "sleep": sys.exit(int(sys.argv[2]))
time.sleep(600)
"""


class Hall:
    """A directory with certificates, and the supervisors started in it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        now = datetime.now(UTC)
        tls.make_authority(directory, "test", ("127.0.0.1",), now)
        self.files = tls.ensure_certificate(directory, ("127.0.0.1",), now)
        self.port = free_port()
        self.started: list[subprocess.Popen[str]] = []

    def door(self) -> list[object]:
        files = (self.files.certificate, self.files.key, self.directory / "door")
        words = [sys.executable, "-c", DOOR, str(self.port), *map(str, files)]
        return ["gateway", words, "TERM"]

    def other(self, name: str, what: str) -> list[object]:
        return [name, [sys.executable, "-c", OTHER, str(self.directory / name), what], "KILL"]

    def gives_way(self, name: str, nice: int) -> list[object]:
        words = ["sh", "-c", 'nice >> "$0"; exec sleep 600', str(self.directory / name)]
        return [name, words, "KILL", nice]

    def stays(self, name: str, death_signal: str) -> list[object]:
        words = ["sh", "-c", 'echo $$ >> "$0"; exec sleep 600', str(self.directory / name)]
        return [name, words, death_signal]

    def have_begun(self, *names: str) -> bool:
        return all(self.pids(name) for name in names)

    def given(self, *processes: list[object]) -> str:
        authority = str(self.files.authority)
        return json.dumps({"port": self.port, "ca": authority, "children": processes})

    def supervise(self, *processes: list[object]) -> subprocess.Popen[str]:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", SUPERVISED, self.given(*processes)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(supervisor)
        return supervisor

    def notes(self, name: str) -> list[str]:
        path = self.directory / name
        return path.read_text().split() if path.exists() else []

    def pids(self, name: str) -> list[int]:
        return [int(note) for note in self.notes(name) if note.isdigit()]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    for supervisor in hall.started:
        supervisor.kill()
        supervisor.communicate()


def until(true: Callable[[], bool], seconds: float = 90) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if true():
            return True
        time.sleep(0.05)
    return bool(true())


def all_gone(pids: list[int]) -> bool:
    return all(is_gone(pid) for pid in pids)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def test_says_ready_once_the_door_answers_and_stops_all_in_order(hall: Hall) -> None:
    supervisor = hall.supervise(hall.door(), hall.other("worker", "sleep"))
    assert first_line(supervisor) == "ready\n"
    supervisor.send_signal(signal.SIGTERM)
    out, _ = supervisor.communicate(timeout=100)
    assert supervisor.returncode == 0
    assert out == ""  # `ready` was all that standard output got
    assert hall.notes("door")[-1] == "stopped"
    assert all(is_gone(pid) for pid in hall.pids("door") + hall.pids("worker"))


def test_a_child_gives_way_to_the_others_as_it_is_told(hall: Hall) -> None:
    hall.supervise(hall.gives_way("worker", 6), hall.gives_way("gateway", 0))
    assert until(lambda: len(hall.notes("worker")) == len(hall.notes("gateway")) == 1)
    own = os.nice(0)
    assert hall.notes("gateway") == [str(own)]
    assert hall.notes("worker") == [str(min(19, own + 6))]


def test_what_dies_is_started_again_after_a_pause(hall: Hall) -> None:
    supervisor = hall.supervise(hall.door(), hall.other("worker", "sleep"))
    assert first_line(supervisor) == "ready\n"
    assert until(lambda: len(hall.pids("worker")) == 1)
    os.kill(hall.pids("worker")[0], signal.SIGKILL)
    killed = time.monotonic()
    assert until(lambda: len(hall.pids("worker")) == 2)
    assert time.monotonic() - killed > 0.4
    supervisor.send_signal(signal.SIGINT)
    _, said = supervisor.communicate(timeout=100)
    assert supervisor.returncode == 0
    assert '"process": "worker", "exit_code": -9' in said


def test_pauses_grow_while_a_process_keeps_dying(hall: Hall) -> None:
    supervisor = hall.supervise(hall.door(), hall.other("worker", "1"))
    assert supervisor.stderr is not None
    pauses = (re.search(r'"pause_s": ([0-9.]+)', line) for line in supervisor.stderr)
    assert [float(said[1]) for said in islice(filter(None, pauses), 3)] == [0.5, 1.0, 2.0]
    assert len(hall.pids("worker")) >= 3


def test_a_process_that_cannot_start_ends_everything_with_its_exit_code(hall: Hall) -> None:
    supervisor = hall.supervise(hall.other("gateway", "3"), hall.other("worker", "sleep"))
    _, said = supervisor.communicate(timeout=100)
    assert supervisor.returncode == 3
    assert "The gateway does not start" in said
    assert until(lambda: all(is_gone(pid) for pid in hall.pids("worker")))


def test_children_die_with_a_killed_supervisor(hall: Hall) -> None:
    supervisor = hall.supervise(hall.door(), hall.other("worker", "sleep"))
    assert first_line(supervisor) == "ready\n"
    assert until(lambda: len(hall.pids("worker")) == 1)
    supervisor.kill()
    supervisor.wait()
    pids = hall.pids("door") + hall.pids("worker")
    assert until(lambda: all(is_gone(pid) for pid in pids))
    assert hall.notes("door")[-1] == "stopped"  # asked, not killed: it can end its relays


def test_children_die_with_each_of_ten_killed_supervisors(hall: Hall) -> None:
    """Whatever signal is to tell them, and while another one dies and is started again."""
    with Preloaded(SUPERVISED) as preloaded:
        for number in range(10):
            told, killed = f"told-{number}", f"killed-{number}"
            given = hall.given(
                hall.stays(told, "TERM"), hall.stays(killed, "KILL"), hall.other("dies", "1")
            )
            supervisor = preloaded.start(SUPERVISED, given)
            assert until(partial(hall.have_begun, told, killed))
            supervisor.kill()
            assert until(partial(all_gone, hall.pids(told) + hall.pids(killed)))


def test_somebody_elses_door_is_not_ours(
    hall: Hall, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another box on that port has another authority: not ready."""
    stranger = Hall(tmp_path_factory.mktemp("stranger"))
    stranger.port = hall.port
    supervisor = hall.supervise(stranger.door())
    assert until(lambda: len(stranger.pids("door")) == 1)
    time.sleep(1)  # ten times as often as it is tried
    supervisor.send_signal(signal.SIGTERM)
    out, _ = supervisor.communicate(timeout=100)
    assert out == ""


def test_a_state_directory_has_one_supervisor(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with alone(tmp_path), pytest.raises(Refused, match="running already"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_the_gateway_is_first_and_every_worker_has_its_socket(tmp_path: Path) -> None:
    made = children(tmp_path, 2, tmp_path / "models")
    assert [child.name for child in made] == ["gateway", "media worker 0", "media worker 1"]
    assert made[0].death_signal == "TERM"
    assert [child.nice for child in made] == [0, 6, 6]  # a page is answered first
    assert str(tmp_path / "run" / "media-worker-1.sock") in made[2].command
