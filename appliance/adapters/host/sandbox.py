"""Shutting the process that decodes untrusted media away from everything it does not need.

Layers, each enough to stop most of what a broken-into decoder would try:

1. a network namespace of its own (and a user namespace when not root): no interface but a dead `lo`
2. no capabilities, and no new privileges by running another program
3. Landlock: of the file system only the named directories, read-only
4. seccomp: only the system calls decoding needs; no socket, no new program, no file for writing
5. limits: no byte written to any file, few descriptors, bounded memory, no core dump

Landlock needs Linux 5.13; without it layers 1, 2, 4 and 5 still hold and `lock_down` says so.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
from collections.abc import Sequence
from pathlib import Path

from appliance.adapters.host import landlock, syscall_filter
from appliance.core.errors import WrongConfiguration

MEMORY_BYTES = 3 * 512 * 1024 * 1024  # address space; a worker with all models needs 0.6 GB of it
_DESCRIPTORS = 32

_CLONE_NEWIPC, _CLONE_NEWUSER, _CLONE_NEWNET = 0x08000000, 0x10000000, 0x40000000
_PR_SET_DUMPABLE, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 4, 24, 38
_CAPABILITY_VERSION_3 = 0x20080522
_LAST_CAPABILITY = 63

_libc = ctypes.CDLL(None, use_errno=True)


def leave_the_network() -> bool:
    """Move into an empty network namespace. False where the kernel forbids it (seccomp remains).

    Call it before the first thread is made: a user namespace needs a process with one thread.
    Unix sockets that are already bound go on working, for they live in the file system.
    """
    flags = _CLONE_NEWNET | _CLONE_NEWIPC
    if os.geteuid() != 0:
        flags |= _CLONE_NEWUSER
    return bool(_libc.unshare(flags) == 0)


def lock_down(readable: Sequence[Path]) -> int:
    """Give up everything but reading below `readable`, serving open sockets, and computing.

    There is no way back. Returns the version of Landlock in force, 0 where the kernel has none
    (then files stay readable as far as their modes allow). Raises WrongConfiguration when a layer
    that must hold cannot be had, or when there is a second thread: capabilities and Landlock bind
    the calling thread only.
    """
    if len(os.listdir("/proc/self/task")) != 1:
        raise WrongConfiguration(
            "The media worker could not be locked away: a library has started a thread of its own. "
            "Install exactly the versions of the lock file."
        )
    _limit_resources()
    _drop_capabilities()
    _must(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges")
    _must(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "no core dumps")
    version = landlock.restrict_to(readable)
    syscall_filter.load()
    return version


def _limit_resources() -> None:
    # A write past the size limit is refused as an error, not punished with a signal.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for limit, value in (
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _DESCRIPTORS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
    ):
        resource.setrlimit(limit, (value, value))


def _drop_capabilities() -> None:
    for capability in range(_LAST_CAPABILITY + 1):
        _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails where there is none: fine
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _must(_libc.capset(ctypes.byref(header), ctypes.byref(nothing)), "dropping capabilities")


def _must(result: int, what: str) -> None:
    if result != 0:
        raise WrongConfiguration(
            f"The media worker could not be locked away ({what}: "
            f"{os.strerror(ctypes.get_errno())}): run it on a supported Linux kernel."
        )
