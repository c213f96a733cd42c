"""One coturn process: started with its configuration in memory, ended for certain.

The configuration, which holds the exam's secret, reaches coturn through an anonymous memory file
(`memfd_create`): it is in no argument list, no environment and on no disk. Its launcher makes the
kernel kill coturn when the gateway dies, whatever way it dies; should even that fail, the next
start finds the process by its id and start time and ends it.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from appliance.adapters.relay import user_database
from appliance.core.errors import Unreachable
from appliance.whole_file import replace_whole, unwritable

_PROCESS_NOTE = "process"
_START_TIME_FIELD = 22  # of /proc/PID/stat, see proc(5)
_POLITE_S = 1.0
_GONE_S = 2.0


def start_time(pid: int) -> str | None:
    """The kernel's start time of a process in clock ticks; None when it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] == "Z":
        return None
    return after_name[_START_TIME_FIELD - 3]


# Dies with its parent, gains nothing; what the box puts in its place does more.
PLAIN_LAUNCHER = ("setpriv", "--pdeathsig", "KILL", "--no-new-privs", "--")


async def start(
    configuration: str, directory: Path, launcher: Sequence[str] = PLAIN_LAUNCHER
) -> asyncio.subprocess.Process:
    """Start coturn; `directory` is made new. `launcher` are the words before its own, which end in
    its becoming coturn. Raise Unreachable when coturn is not installed."""
    await asyncio.to_thread(_make_empty, directory)
    memory = await asyncio.to_thread(_in_memory, configuration)
    try:
        process = await asyncio.create_subprocess_exec(
            *launcher,
            "turnserver", "-c", f"/proc/self/fd/{memory}",
            pass_fds=(memory,),
            cwd=directory,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    except FileNotFoundError:
        raise Unreachable("The relay cannot start: install the package coturn.") from None
    finally:
        os.close(memory)
    await asyncio.to_thread(_note, directory, process.pid)
    return process


async def end(process: asyncio.subprocess.Process) -> None:
    """Terminate, then kill; when it returns the process and all its allocations are gone."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(_POLITE_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def end_orphan(directory: Path) -> None:
    """End the process an earlier gateway left behind, if it is still that process."""
    await asyncio.to_thread(_kill_noted, directory)


async def remove(directory: Path) -> None:
    await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


def _in_memory(text: str) -> int:
    """A file descriptor of an anonymous file that holds `text`."""
    memory = os.memfd_create("relay", os.MFD_CLOEXEC)
    with open(memory, "w", closefd=False) as file:
        file.write(text)
    return memory


def _note(directory: Path, pid: int) -> None:
    replace_whole(directory / _PROCESS_NOTE, f"{pid} {start_time(pid)}".encode())


def _kill_noted(directory: Path) -> None:
    try:
        pid_text, _, started = (directory / _PROCESS_NOTE).read_text().partition(" ")
        pid = int(pid_text)
    except (OSError, ValueError):
        return
    if start_time(pid) != started:
        return
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + _GONE_S
    while start_time(pid) == started:
        if time.monotonic() > deadline:
            raise Unreachable("An old relay process does not end: restart the box.")
        time.sleep(0.02)


def _make_empty(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    try:
        directory.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise unwritable(directory, error) from error
    user_database.make(directory)
