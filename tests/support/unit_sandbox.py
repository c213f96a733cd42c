"""Runs a command under the rules of a systemd unit, where systemd itself does not run.

    python -m tests.support.unit_sandbox UNIT COMMAND [ARGUMENTS ...]

Applied as systemd.exec(5) says: SystemCallFilter (its sets expanded by `systemd-analyze`),
RestrictAddressFamilies, MemoryDenyWriteExecute, RestrictNamespaces, an empty CapabilityBoundingSet,
NoNewPrivileges, PrivateNetwork and LimitFSIZE. Not applied: what changes the view of the file
system, users and control groups.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyseccomp as seccomp

_PROT_WRITE, _PROT_EXEC, _SHM_EXEC = 2, 4, 0o100000
_CLONE_NEWNET = 0x40000000
_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_PR_SET_NO_NEW_PRIVS, _PR_CAPBSET_DROP = 38, 24
_libc = ctypes.CDLL(None, use_errno=True)


def words(unit: Path, key: str) -> list[list[str]]:
    """The words of every line `key=...` of the unit, in order."""
    lines = (line.partition("=") for line in unit.read_text().splitlines())
    return [value.split() for name, _, value in lines if name == key]


def allowed_system_calls(unit: Path) -> set[str]:
    allowed: set[str] = set()
    for line in words(unit, "SystemCallFilter"):
        denied = line[0].startswith("~")
        for word in (w.lstrip("~") for w in line):
            calls = set(_expanded(word))
            allowed = allowed - calls if denied else allowed | calls
    return allowed


def _expanded(word: str) -> Iterator[str]:
    if not word.startswith("@"):
        yield word
        return
    for entry in _sets()[word]:
        yield from _expanded(entry)


@functools.cache
def _sets() -> dict[str, list[str]]:
    """Every set of system calls that systemd knows, by its name: one question for all."""
    listed = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    sets: dict[str, list[str]] = {}
    inside: list[str] = []
    for line in listed.splitlines():
        entry = line.strip()
        if line.startswith("@"):
            inside = sets.setdefault(entry, [])
        elif line.startswith(" ") and not entry.startswith("#"):
            inside.append(entry)
        elif line.startswith("#"):
            inside = []  # system calls in no set follow, as comments
    return sets


def _filter(unit: Path) -> seccomp.SyscallFilter:
    allowed = allowed_system_calls(unit)
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    special = {"socket"}
    if words(unit, "MemoryDenyWriteExecute") == [["yes"]]:
        special |= {"mmap", "mprotect", "pkey_mprotect", "shmat"}
        both = _PROT_WRITE | _PROT_EXEC
        for wanted in (0, _PROT_WRITE, _PROT_EXEC):
            rules.add_rule(seccomp.ALLOW, "mmap", seccomp.Arg(2, seccomp.MASKED_EQ, both, wanted))
        for call in ("mprotect", "pkey_mprotect"):
            rules.add_rule(seccomp.ALLOW, call, seccomp.Arg(2, seccomp.MASKED_EQ, _PROT_EXEC, 0))
        rules.add_rule(seccomp.ALLOW, "shmat", seccomp.Arg(2, seccomp.MASKED_EQ, _SHM_EXEC, 0))
    if words(unit, "RestrictNamespaces") == [["yes"]]:
        special |= {"unshare", "setns", "clone", "clone3"}
        every = sum(_NAMESPACES)
        rules.add_rule(seccomp.ALLOW, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, every, 0))
        rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # as systemd has it
    for (*families,) in words(unit, "RestrictAddressFamilies"):
        for family in families:
            number = int(getattr(socket, family))
            rules.add_rule(seccomp.ALLOW, "socket", seccomp.Arg(0, seccomp.EQ, number))
    for name in sorted(allowed - special):
        try:
            rules.add_rule(seccomp.ALLOW, name)
        except (OSError, RuntimeError, ValueError):
            continue  # a system call of another architecture
    return rules


def main() -> None:
    unit, command = Path(sys.argv[1]), sys.argv[2:]
    rules = _filter(unit)
    if words(unit, "PrivateNetwork") == [["yes"]]:
        _must(_libc.unshare(_CLONE_NEWNET))
    for (size,) in words(unit, "LimitFSIZE"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(size), int(size)))
    if words(unit, "CapabilityBoundingSet") == [[]]:
        for capability in range(64):
            _libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    _must(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
    rules.load()
    os.execvp(command[0], command)


def _must(result: int) -> None:
    if result:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    main()
