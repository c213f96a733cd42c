"""A process that holds keys leaves no picture of its memory when it dies."""

from __future__ import annotations

import ctypes
import os
import resource
import sys

from appliance.core.errors import WrongConfiguration

_PR_SET_DUMPABLE = 4
_libc = ctypes.CDLL(None, use_errno=True)


def leave_no_core_dump() -> None:
    """No core file, and no memory for another process of the same user to read.

    Two locks, for a limit of zero is not heeded where the kernel hands dumps to a program
    (core(5): `core_pattern` with a pipe). Programs started later have the limit, not the flag.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform != "linux":  # a reviewer's own machine
        return
    if _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise WrongConfiguration(
            f"Core dumps could not be forbidden ({os.strerror(ctypes.get_errno())}): run the box "
            "on a supported Linux kernel."
        )
