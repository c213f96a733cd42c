"""What a decoder that was broken into could do: tried for real, inside the real sandbox."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.media_workers import WorkerProcess

_ROOT = Path(__file__).parents[3]

_PRELUDE = """
import ctypes, errno, os, socket, sys
from pathlib import Path
import numpy
from appliance.adapters.host import sandbox
models, state = Path(sys.argv[1]), Path(sys.argv[2])
assert sandbox.leave_the_network()
listening = socket.socket(socket.AF_UNIX); listening.bind(str(state / "w.sock")); listening.listen()
sandbox.lock_down([models])

def refused(attempt):
    try:
        attempt()
    except OSError as error:
        assert error.errno in (errno.EPERM, errno.EACCES, errno.EFBIG), error
        return
    raise SystemExit("allowed")
"""

ATTEMPTS = {
    "a network socket": "refused(lambda: socket.socket(socket.AF_INET))",
    "another unix socket": "refused(lambda: socket.socket(socket.AF_UNIX))",
    "connecting with the one it has": "refused(lambda: listening.connect(str(state / 'gw.sock')))",
    "another program": "refused(lambda: os.execv('/bin/true', ['true']))",
    "another process": "refused(os.fork)",
    "writing a file": "refused(lambda: open(state / 'new', 'wb'))",
    "writing among the models": "refused(lambda: open(models / 'new', 'wb'))",
    "removing a file": "refused(lambda: os.unlink(state / 'keys.pem'))",
    "renaming a file": "refused(lambda: os.rename(state / 'keys.pem', state / 'x'))",
    "reading the keys": "refused(lambda: open(state / 'keys.pem', 'rb'))",
    "reading the password file": "refused(lambda: open('/etc/passwd', 'rb'))",
    "reading its own environment": "refused(lambda: open('/proc/self/environ', 'rb'))",
    "listing the state directory": "refused(lambda: os.listdir(state))",
    "changing a mode": "refused(lambda: os.chmod(state / 'keys.pem', 0o777))",
    "signalling others": "refused(lambda: os.kill(os.getppid(), 9))",
    "changing a limit": (
        "import resource\n"
        "try:\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (16, 16))\n"
        "except ValueError:\n"  # what the standard library makes of EPERM
        "    pass\n"
        "else:\n"
        "    raise SystemExit('allowed')"
    ),
    "tracing": (
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.ptrace(16, os.getppid(), 0, 0) == -1\n"
        "assert ctypes.get_errno() == errno.EPERM"
    ),
    "mounting": (
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "assert libc.mount(b'none', b'/tmp', b'tmpfs', 0, None) == -1\n"
        "assert ctypes.get_errno() == errno.EPERM"
    ),
    "more memory than it may": (
        "try:\n"
        "    numpy.ones(3 * 10**8)\n"
        "except MemoryError:\n"
        "    pass\n"
        "else:\n"
        "    raise SystemExit('allowed')"
    ),
}


def _inside(tmp_path: Path, code: str, before: str = "") -> subprocess.CompletedProcess[str]:
    models, state = tmp_path / "models", tmp_path / "state"
    models.mkdir()
    state.mkdir()
    (models / "model.onnx").write_bytes(b"weights")
    (state / "keys.pem").write_bytes(b"secret")
    return subprocess.run(
        [sys.executable, "-c", before + _PRELUDE + textwrap.dedent(code), str(models), str(state)],
        cwd=_ROOT,
        env={"PATH": os.environ["PATH"], "OPENBLAS_NUM_THREADS": "1"},  # as the worker does
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("code", ATTEMPTS.values(), ids=ATTEMPTS.keys())
def test_refused(tmp_path: Path, code: str) -> None:
    done = _inside(tmp_path, code)
    assert done.returncode == 0, done.stderr


def test_a_second_thread_would_stay_outside_so_it_is_refused(tmp_path: Path) -> None:
    waiting = (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    done = _inside(tmp_path, "", before=waiting)
    assert "started a thread" in done.stderr


def test_reading_a_model_and_talking_to_the_gateway_still_work(tmp_path: Path) -> None:
    done = _inside(
        tmp_path,
        """
        assert (models / "model.onnx").read_bytes() == b"weights"
        listening.settimeout(0)
        try:
            listening.accept()
        except BlockingIOError:
            print("waiting for the gateway")
        """,
    )
    assert done.stdout.strip() == "waiting for the gateway", done.stderr


def test_the_running_worker_is_in_it(worker: WorkerProcess) -> None:
    """The kernel's own account of the process that serves the other tests."""
    proc = Path(f"/proc/{worker.decoder}")
    for thread in (proc / "task").iterdir():
        status = dict(line.split(":\t", 1) for line in _lines(thread / "status") if ":\t" in line)
        assert status["Seccomp"] == "2"
        assert status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert os.readlink(proc / "ns/net") != os.readlink("/proc/self/ns/net")
    limits = {line[:26].strip(): line[26:].split()[:2] for line in _lines(proc / "limits")}
    assert limits["Max file size"] == limits["Max core file size"] == ["0", "0"]
    assert int(limits["Max address space"][1]) <= 2 * 1024**3
    assert (worker.socket.stat().st_mode & 0o777) == 0o600


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines()


def test_a_missing_directory_of_models_is_told_before_the_lock_down(tmp_path: Path) -> None:
    """Afterwards not even a log file can be written to: the worker would end without a word."""
    words = ["--socket", str(tmp_path / "w.sock"), "--models", str(tmp_path / "nowhere")]
    done = subprocess.run(
        [sys.executable, "-m", "appliance.processes.media_worker", *words],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 3
    assert "hallvakt models install" in done.stderr
