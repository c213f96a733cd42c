"""Which files of a directory any process opens, as the kernel tells it (inotify)."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path
from types import TracebackType

_IN_OPEN, _IN_NONBLOCK = 0x20, 0o4000
_EVENT = struct.Struct("iIII")
_libc = ctypes.CDLL(None, use_errno=True)


class OpenedFiles:
    """Counts from entry on; `names` are the files opened so far, the directory itself left out."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._names: set[str] = set()
        self._watch = -1

    def __enter__(self) -> OpenedFiles:
        self._watch = _libc.inotify_init1(_IN_NONBLOCK)
        if _libc.inotify_add_watch(self._watch, os.fsencode(self._directory), _IN_OPEN) < 0:
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
        while True:
            try:
                data = os.read(self._watch, 65536)
            except BlockingIOError:
                return self._names
            offset = 0
            while offset < len(data):
                length = _EVENT.unpack_from(data, offset)[3]
                offset += _EVENT.size
                name = data[offset : offset + length].rstrip(b"\0").decode()
                offset += length
                if name:
                    self._names.add(name)
