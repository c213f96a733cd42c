"""Which files any process opens, makes or changes below some directories, told by the kernel
(inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

_IN_MODIFY, _IN_OPEN, _IN_MOVED_TO, _IN_CREATE, _IN_NONBLOCK = 0x2, 0x20, 0x80, 0x100, 0o4000
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class _FileEvents:
    """From entry on. Directories made later are not followed, but are named themselves."""

    mask: int

    def __init__(self, *directories: Path) -> None:
        self._directories = directories
        self._names: set[str] = set()
        self._watch = -1

    def __enter__(self) -> Self:
        self._watch = _libc.inotify_init1(_IN_NONBLOCK)
        for directory in self._watched():
            if _libc.inotify_add_watch(self._watch, os.fsencode(directory), self.mask) < 0:
                raise OSError(ctypes.get_errno(), "inotify_add_watch")
        return self

    def _watched(self) -> Iterable[str | Path]:
        return (directory for top in self._directories for directory, _, _ in os.walk(top))

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._watch)

    def names(self) -> set[str]:
        """Of what happened so far, without its directory."""
        while True:
            try:
                data = os.read(self._watch, 65536)
            except BlockingIOError:
                return self._names - {""}  # the watched directory itself has no name
            offset = 0
            while offset < len(data):
                length = _EVENT.unpack_from(data, offset)[3]
                offset += _EVENT.size
                self._names.add(data[offset : offset + length].rstrip(b"\0").decode())
                offset += length


class ChangedFiles(_FileEvents):
    mask = _IN_MODIFY | _IN_MOVED_TO | _IN_CREATE


class OpenedFiles(_FileEvents):
    mask = _IN_OPEN
