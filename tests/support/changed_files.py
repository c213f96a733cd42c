"""Which files below some directories any process makes or changes, told by the kernel (inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

_IN_MODIFY, _IN_MOVED_TO, _IN_CREATE, _IN_NONBLOCK = 0x2, 0x80, 0x100, 0o4000
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class ChangedFiles:
    """From entry on. Directories made later are not followed, but are named themselves."""

    def __init__(self, directories: Sequence[Path]) -> None:
        self._directories = directories
        self._names: set[str] = set()

    def __enter__(self) -> ChangedFiles:
        self._watch = _libc.inotify_init1(_IN_NONBLOCK)
        for top in self._directories:
            for directory, _, _ in os.walk(top):
                mask = _IN_MODIFY | _IN_MOVED_TO | _IN_CREATE
                if _libc.inotify_add_watch(self._watch, os.fsencode(directory), mask) < 0:
                    raise OSError(ctypes.get_errno(), "inotify_add_watch")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._watch)

    def names(self) -> set[str]:
        """Of what was changed so far, without its directory."""
        while True:
            try:
                data = os.read(self._watch, 65536)
            except BlockingIOError:
                return self._names
            offset = 0
            while offset < len(data):
                length = _EVENT.unpack_from(data, offset)[3]
                offset += _EVENT.size
                self._names.add(data[offset : offset + length].rstrip(b"\0").decode())
                offset += length
