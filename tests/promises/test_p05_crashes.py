"""Promise 5, when things break: what was entrusted to the box is in no log, no core dump, no
crash report.

A real box in session knows a name, a candidate's token, the lead's passphrase and a snippet. A
request is made that it cannot read; then gateway and media worker are ended by the signals of a
crash, in a parent that would allow core dumps.
"""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import logging
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from appliance.processes.log_lines import TemplateOnly, places, without_values
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.page_key import PageKey
from appliance.rehearsal.plaintext_scan import MEDIA_MARKS, name_marks, scan, scan_bytes
from appliance.web.problems import problems
from tests.support.box import (
    PASSPHRASE,
    ROOT,
    START_S,
    RealBox,
    clean_environment,
    use_workers,
)
from tests.support.clips import portrait, snippet

NAME, NUMBER = "Kanarina Provfågel", "20060229-KNR1"
ROSTER = f"name,number,seat,hall,extra_minutes\n{NAME},{NUMBER},A1,Aula,0\n"
CANARY = "kanarie-i-undantaget"
UNLOCK = "import resource; resource.setrlimit = lambda *a: None"
FORBID = "from appliance.adapters.host.core_dumps import leave_no_core_dump; leave_no_core_dump()"


@dataclass(slots=True)
class InSession:
    box: RealBox
    marks: Mapping[str, bytes]
    token: str


@pytest.fixture
def dumps_allowed() -> Iterator[None]:
    """A parent that would let its children dump, as far as this machine allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


@pytest.fixture
def box(dumps_allowed: None) -> Iterator[RealBox]:
    directory = Path(tempfile.mkdtemp(prefix="hvp5c-"))
    made = RealBox(directory / "box", free_port(), workers=1)
    try:
        made.make()
        use_workers(made.state, 1)
        yield made
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def served(box: RealBox) -> Iterator[RealBox]:
    portrait()  # made once, outside any event loop
    snippet(seconds=4.0)
    try:
        asyncio.run(box.start())
        yield box
    finally:
        asyncio.run(box.stop(signal.SIGKILL))


@pytest_asyncio.fixture
async def session(served: RealBox) -> AsyncIterator[InSession]:
    lead = await served.login()
    exam = await served.new_exam(lead, roster=ROSTER)
    page = served.api()
    await page.join(exam.code, exam.seats["A1"], PageKey())
    notice = await page.ok("GET", "/api/v1/attempts/me/notice")
    answer = {"version": notice["version"], "answer": "acknowledged"}
    await page.ok("POST", "/api/v1/attempts/me/notice", json=answer)
    devices = {"camera": True, "microphone": True}
    await page.ok("POST", "/api/v1/attempts/me/devices", json=devices)
    await page.ok("POST", "/api/v1/attempts/me/ready")
    assert (await page.upload(1, snippet(seconds=4.0))).status == 201
    assert page.token
    assert lead.token
    secrets = name_marks([NAME, *NAME.split(), NUMBER, page.token, lead.token, PASSPHRASE])
    yield InSession(served, {**secrets, **MEDIA_MARKS}, page.token)
    await served.close_apis()


async def test_a_crash_leaves_nothing_behind(session: InSession) -> None:
    box = session.box
    gateway, worker = box._processes
    before = _core_files(box)
    await asyncio.to_thread(_ask_unreadably, box, session.token)
    assert "Error handling request" in box.log()  # it was noticed, without its words
    assert "BadHttpMessage" in box.log() or "InvalidHeader" in box.log()

    for process, number in ((gateway, signal.SIGABRT), (worker, signal.SIGSEGV)):
        assert _core_limit(process.pid) == ["0", "0"]
        assert _owner(process.pid) == 0
        assert await asyncio.to_thread(_crash, process, number) == (os.CLD_KILLED, number)
    assert _core_files(box) == before

    assert "gateway ready" in box.log()
    assert await asyncio.to_thread(scan, [box.state], session.marks) == []


def test_the_gateway_has_a_second_lock(box: RealBox) -> None:
    """Its limit is taken away: the limit is not heeded where the kernel hands dumps to a program.
    What is left must be enough."""
    box.log_file.parent.mkdir(exist_ok=True)
    program = f"{UNLOCK}; from appliance.processes.gateway import main; main()"
    with box.log_file.open("wb") as log:
        gateway = subprocess.Popen(
            [sys.executable, "-c", program, "--state", str(box.state)],
            cwd=box.state,
            env=clean_environment(),
            stderr=log,
        )
    try:
        ended = time.monotonic() + START_S
        while "gateway ready" not in box.log() and time.monotonic() < ended:
            time.sleep(0.05)
        assert "gateway ready" in box.log()
        assert _crash(gateway, signal.SIGABRT) == (os.CLD_KILLED, signal.SIGABRT)
        assert _core_files(box) == set(ROOT.glob("core*"))
    finally:
        gateway.kill()
        gateway.wait(60)


def test_a_command_that_reads_a_passphrase_leaves_no_dump(
    tmp_path: Path, dumps_allowed: None
) -> None:
    reading, writing = os.pipe()
    command = ["keys", "reviewer", "create", "--label", "x", "--out", str(tmp_path / "key")]
    process = subprocess.Popen(
        [sys.executable, "-m", "appliance.cli.main", *command, "--passphrase-fd", str(reading)],
        cwd=ROOT,
        env=clean_environment(),
        pass_fds=(reading,),
    )
    try:
        os.write(writing, PASSPHRASE.encode())  # no end of line: it waits for the rest
        ended = time.monotonic() + START_S
        while fcntl.ioctl(reading, termios.FIONREAD, bytes(4)) != bytes(4):
            assert time.monotonic() < ended
            time.sleep(0.05)
        assert _core_limit(process.pid) == ["0", "0"]
        assert _crash(process, signal.SIGABRT) == (os.CLD_KILLED, signal.SIGABRT)
    finally:
        process.kill()
        process.wait(60)
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize(
    ("program", "how"), [("", os.CLD_DUMPED), (f"{UNLOCK}; {FORBID}", os.CLD_KILLED)]
)
def test_another_program_would_have_dumped(
    tmp_path: Path, dumps_allowed: None, program: str, how: int
) -> None:
    """The control of the tests above: the same signal and limit, without and with the flag."""
    if resource.getrlimit(resource.RLIMIT_CORE)[0] == 0:
        pytest.skip("core dumps cannot be allowed here: raise the hard limit (ulimit -Hc)")
    process = subprocess.Popen(
        [sys.executable, "-c", f"{program}\nprint(flush=True)\nimport time\ntime.sleep(60)"],
        cwd=tmp_path,
        env=clean_environment(),
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    with process.stdout as ready:
        assert ready.readline() == b"\n"
    assert _core_limit(process.pid)[0] != "0"
    assert _crash(process, signal.SIGABRT) == (how, signal.SIGABRT)
    for core in tmp_path.glob("core*"):
        core.unlink()


def _ask_unreadably(box: RealBox, token: str) -> None:
    """A token in a header that is none: the HTTP library complains and quotes the header."""
    request = (
        f"GET /health HTTP/1.1\r\nHost: box\r\nAuthorization: Bearer {token}\x00\r\n"
        f"X-Name: {NAME}\r\n\r\n"
    ).encode()
    with (
        socket.create_connection(("127.0.0.1", box.port), timeout=60) as plain,
        box.tls().wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(request)
        assert b" 400 " in secure.recv(4096).split(b"\r\n")[0]


def _core_limit(pid: int) -> list[str]:
    """Soft and hard, as the kernel shows them."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    (core,) = (line.split() for line in lines if line.startswith("Max core file size"))
    return core[4:6]


def _owner(pid: int) -> int:
    """The kernel gives the files of a process that must not be dumped to root, whoever runs it
    (proc(5)). Where the box runs as root, only the test of the second lock says so."""
    return Path(f"/proc/{pid}").stat().st_uid


def _crash(process: subprocess.Popen[bytes], number: int) -> tuple[int, int]:
    """How the kernel says that it ended: CLD_DUMPED or CLD_KILLED, and the signal."""
    process.send_signal(number)
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert ended is not None
    process.wait(60)
    return ended.si_code, ended.si_status


def _core_files(box: RealBox) -> set[Path]:
    """Where a `core_pattern` without a directory puts them: the working directory."""
    return {*ROOT.glob("core*"), *box.state.rglob("core"), *box.state.rglob("core.*")}


# --- the last boundaries, one by one ---------------------------------------------------------


async def test_an_unforeseen_error_is_told_by_number_and_place() -> None:
    written = io.StringIO()
    structlog.configure(
        processors=[without_values, structlog.processors.JSONRenderer()],
        logger_factory=structlog.PrintLoggerFactory(written),
        cache_logger_on_first_use=False,
    )
    try:
        answer = await problems(make_mocked_request("GET", f"/{CANARY}"), _broken)
    finally:
        structlog.reset_defaults()
    assert isinstance(answer, web.Response)
    assert isinstance(answer.body, bytes)
    line = json.loads(written.getvalue())
    assert CANARY not in written.getvalue()
    assert CANARY.encode() not in answer.body
    assert (answer.status, line["event"]) == (500, "request failed")
    assert line["error_id"].encode() in answer.body
    assert line["exception"][0] == "builtins.RuntimeError"
    assert any(place.endswith(" _broken") for place in line["exception"])
    assert "builtins.ValueError" in line["exception"]  # its cause


async def _broken(_request: web.Request) -> web.StreamResponse:
    try:
        return web.Response(status=int(CANARY))
    except ValueError as error:
        raise RuntimeError(f"no row {CANARY}") from error


def test_a_library_s_line_is_its_template() -> None:
    def line(text: str, *arguments: object, error: BaseException | None = None) -> str:
        info = (type(error), error, error.__traceback__) if error else None
        record = logging.LogRecord("lib", logging.ERROR, "lib.py", 7, text, arguments, info)
        return TemplateOnly().format(record)

    assert json.loads(line("a body from %s", CANARY)) == {
        "logger": "lib", "at": "lib:7", "level": "error", "event": "a body from %s",
    }  # fmt: skip
    assert CANARY not in line(f"future <Task exception=ValueError('{CANARY}')>")
    assert CANARY not in line("x", error=ExceptionGroup(CANARY, [ValueError(CANARY)]))
    assert places(ExceptionGroup("", [ValueError(CANARY)])) == [
        "builtins.ExceptionGroup",
        "builtins.ValueError",
    ]


@pytest.mark.parametrize("how", ["raise", "thread", "collected"])
def test_the_last_words_of_a_process_name_no_value(how: str) -> None:
    """Uncaught in the main thread, in another, and where nobody can catch it."""
    program = f"""
import threading
from appliance.processes.log_lines import log_to_stderr
log_to_stderr()
def fail(*_): raise ValueError({CANARY!r})
class Collected: __del__ = fail
{
        {
            "raise": "fail()",
            "thread": "threading.Thread(target=fail).start()",
            "collected": "Collected()",
        }[how]
    }
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert CANARY not in done.stderr
    assert json.loads(done.stderr)["exception"][0] == "builtins.ValueError"


def test_the_search_would_find_each_mark() -> None:
    marks = {**name_marks([NAME, PASSPHRASE]), **MEDIA_MARKS}
    for label, mark in marks.items():
        assert any(label in place for place in scan_bytes("log", b"x" + mark, marks))
