"""The system calls a process that decodes media still needs, and a filter that refuses the rest.

An allow-list: what is not named fails with EPERM, so a library's unusual call turns into an error
it can handle. What would hurt most is simply not in the list: socket, connect, bind, execve, fork,
clone, ptrace, mount, open for writing, rename, unlink, kill of others.
"""

from __future__ import annotations

import errno
import os

import pyseccomp as seccomp

from appliance.core.errors import WrongConfiguration

_MEMORY = ("brk", "mmap", "munmap", "mremap", "mprotect", "madvise", "mincore")
_FILES = (
    "read", "readv", "pread64", "write", "writev", "close", "lseek", "fstat", "newfstatat", "stat",
    "lstat", "statx", "getdents64", "fcntl", "dup", "access", "faccessat", "faccessat2", "readlink",
    "readlinkat", "getcwd", "fadvise64",
)  # fmt: skip
_CONNECTIONS = (
    "accept", "accept4", "recvfrom", "recvmsg", "sendto", "sendmsg", "shutdown", "getsockname",
    "getpeername", "getsockopt", "poll", "ppoll", "select", "pselect6",
)  # fmt: skip
_WAITING = (
    "futex", "nanosleep", "clock_nanosleep", "clock_gettime", "clock_getres", "gettimeofday",
    "time", "sched_yield", "sched_getaffinity", "setitimer", "getitimer", "restart_syscall",
)  # fmt: skip
_SELF = (
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getrandom", "uname",
    "sysinfo", "getrusage", "getcpu", "times", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn",
    "sigaltstack", "rseq", "set_robust_list", "set_tid_address", "exit", "exit_group",
)  # fmt: skip

_TIOCGWINSZ, _TCGETS, _FIOCLEX, _FIONBIO = 0x5413, 0x5401, 0x5451, 0x5421
_HARMLESS_IOCTLS = (_TCGETS, _TIOCGWINSZ, _FIOCLEX, _FIONBIO)
_OPEN_TO_CHANGE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def load() -> None:
    """Put the filter on every thread of this process, for good. Needs no_new_privs."""
    try:
        _build().load()
    except (OSError, RuntimeError) as error:
        raise WrongConfiguration(
            "The media worker's system calls could not be restricted (seccomp): "
            "run it on a kernel with seccomp filters and with libseccomp2 installed."
        ) from error


def _build() -> seccomp.SyscallFilter:
    rules = seccomp.SyscallFilter(seccomp.ERRNO(errno.EPERM))
    rules.set_attr(seccomp.Attr.CTL_TSYNC, 1)
    for name in (*_MEMORY, *_FILES, *_CONNECTIONS, *_WAITING, *_SELF):
        rules.add_rule(seccomp.ALLOW, name)
    # Opening a file: for reading only (every bit that could change one must be off).
    rules.add_rule(seccomp.ALLOW, "openat", _bits_off(2, _OPEN_TO_CHANGE))
    rules.add_rule(seccomp.ALLOW, "open", _bits_off(1, _OPEN_TO_CHANGE))
    for request in _HARMLESS_IOCTLS:
        rules.add_rule(seccomp.ALLOW, "ioctl", seccomp.Arg(1, seccomp.EQ, request))
    # Reading limits, not setting them: the new-limit pointer must be null.
    rules.add_rule(seccomp.ALLOW, "prlimit64", seccomp.Arg(2, seccomp.EQ, 0))
    rules.add_rule(seccomp.ALLOW, "getrlimit")
    # abort() raises a signal in the own process.
    rules.add_rule(seccomp.ALLOW, "tgkill", seccomp.Arg(0, seccomp.EQ, os.getpid()))
    return rules


def _bits_off(argument: int, bits: int) -> seccomp.Arg:
    return seccomp.Arg(argument, seccomp.MASKED_EQ, bits, 0)
