"""Landlock: a process takes its own sight of the file system away (Linux 5.13 and later).

The standard library has no binding; these are the three system calls of
Documentation/userspace-api/landlock.rst with their structures as laid out there.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path

from appliance.core.errors import WrongConfiguration

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every architecture
_VERSION_QUERY = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIRECTORY = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_FILE, _MAKE_FILE, _TRUNCATE = 1 << 5, 1 << 8, 1 << 14
_READ = _READ_FILE | _READ_DIRECTORY
_CHANGE = _WRITE_FILE | _REMOVE_FILE | _MAKE_FILE | _TRUNCATE
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE  # the rest only means directories
_RIGHTS_OF_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_TCP_BIND_AND_CONNECT = 0b11  # version 4
_SIGNALS_AND_ABSTRACT_SOCKETS = 0b11  # version 6

_libc = ctypes.CDLL(None, use_errno=True)


def version() -> int:
    """What the running kernel offers; 0 without Landlock."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION_QUERY)))


def restrict_to(
    readable: Sequence[Path],
    *,
    programs: Sequence[Path] = (),
    writable: Sequence[Path] = (),
    network: bool = False,
) -> int:
    """Allow reading below `readable`, reading and running below `programs`, reading and changing
    files below `writable`, and nothing else of the file system, for good. Without `network`, no TCP
    either.

    Returns the version in force, 0 when the kernel has none (nothing is restricted then). Needs
    no_new_privs. Raises WrongConfiguration when the kernel offers Landlock and refuses the rules.
    """
    offered = version()
    if offered == 0:
        return 0
    rights = max(bits for since, bits in _RIGHTS_OF_VERSION.items() if since <= offered)
    no_tcp = _TCP_BIND_AND_CONNECT if offered >= 4 and not network else 0
    scoped = _SIGNALS_AND_ABSTRACT_SOCKETS if offered >= 6 else 0
    attributes = struct.pack("=QQQ", rights, no_tcp, scoped)
    # Older kernels refuse a structure longer than theirs unless the rest is zero, which it is.
    ruleset = _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0)
    try:
        for paths, allowed in (
            (readable, _READ),
            (programs, _READ | _EXECUTE),
            (writable, _READ | _CHANGE),
        ):
            for path in paths:
                _allow(ruleset, path, allowed & rights)
        _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return offered


def _allow(ruleset: int, path: Path, allowed: int) -> None:
    parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        rights = allowed if path.is_dir() else allowed & _OF_FILES
        rule = struct.pack("=Qi", rights, parent)
        _call(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    finally:
        os.close(parent)


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        raise WrongConfiguration(
            "A process's view of the file system could not be restricted "
            f"({os.strerror(ctypes.get_errno())}): run it on a supported Linux kernel."
        )
    return result
