"""Large blocks of memory go back to the kernel when they are freed.

glibc takes blocks of up to 32 MiB from its heap once one of that size was freed, and keeps a heap
per thread; between what stays there, holes the size of packs remain. With both fixed a process that
handles packs stays as large as what it holds.
Source: mallopt(3), M_MMAP_THRESHOLD and M_ARENA_MAX.
"""

from __future__ import annotations

import ctypes

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_THRESHOLD = 256 * 1024


def give_back_large_blocks() -> None:
    """For this whole process; without effect where the C library is another one."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _THRESHOLD)
        mallopt(_M_ARENA_MAX, 2)
