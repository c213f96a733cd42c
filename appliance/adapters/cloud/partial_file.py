"""A file of a mounted directory while it is written: `.NAME.TOKEN` beside its place.

A kill leaves it. The next try for the object, and its deletion, know its token; what nobody knows
any more is swept when it is old, for another box may be writing in the same directory.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TypeVar

from appliance.core.ports import Content
from appliance.shared_data import file_mode, make_directory
from appliance.whole_file import into_place

T = TypeVar("T")
_PARTIAL = re.compile(r"\.([0-9a-f]{32}\.)?[0-9a-f]{16}\Z")
_TOKEN = re.compile(r"[0-9a-f]{16}\Z")
# Every piece renews a file's time: a day is longer than any window, and than clocks are wrong.
_OLD_S = 24 * 3600
# How much the kernel may hold back: what is paced is then what goes to the disk or share.
_FLUSH_BYTES = 1024 * 1024


class PartialFile:
    """Raises OSError. Its steps run in one thread, in order: also of one whose caller was cancelled
    the next begins when it is done."""

    def __init__(self, whole: Path, token: str) -> None:
        self._whole = whole
        self._path = partial_path(whole, token)
        self._steps = ThreadPoolExecutor(1)
        self._file: BinaryIO | None = None
        self._held = 0

    async def append(self, piece: Content) -> None:
        await self._step(lambda: self._append(piece))

    async def put_into_place(self) -> None:
        """Raise FileExistsError rather than replace what is there."""
        await self._step(self._put_into_place)

    async def gone(self) -> None:
        """Nothing is left under the partial name."""
        removed = self._step(self._remove)
        self._steps.shutdown(wait=False)
        await asyncio.shield(removed)

    def _step(self, act: Callable[[], T]) -> asyncio.Future[T]:
        return asyncio.get_running_loop().run_in_executor(self._steps, act)

    def _append(self, piece: Content) -> None:
        file = self._opened()
        file.write(piece)
        self._held += len(piece)
        if self._held >= _FLUSH_BYTES:
            file.flush()
            os.fdatasync(file.fileno())
            self._held = 0

    def _opened(self) -> BinaryIO:
        if self._file is None:
            make_directory(self._path.parent)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._file = os.fdopen(os.open(self._path, flags, file_mode(self._path.parent)), "wb")
        return self._file

    def _put_into_place(self) -> None:
        file = self._opened()
        file.flush()
        os.fsync(file.fileno())
        into_place(self._path, self._whole)

    def _remove(self) -> None:
        with suppress(OSError):  # of a full disk again
            if self._file is not None:
                self._file.close()
        with suppress(OSError):  # it is swept when it is old
            self._path.unlink(missing_ok=True)


@asynccontextmanager
async def partial_file(whole: Path, token: str) -> AsyncIterator[PartialFile]:
    """Under its partial name nothing is left when the block ends, however it does."""
    made = PartialFile(whole, token)
    try:
        yield made
    finally:
        await made.gone()


def partial_path(whole: Path, token: str) -> Path:
    return whole.with_name(f".{whole.name}.{token}")


def is_token(token: str) -> bool:
    return _TOKEN.match(token) is not None


def sweep(folder: Path) -> None:
    """Delete what killed runs left there, once it is old."""
    with suppress(OSError):  # no such folder yet, or no disk: whoever writes says so
        for path in folder.iterdir():
            if _PARTIAL.match(path.name) and path.stat().st_mtime < time.time() - _OLD_S:
                path.unlink(missing_ok=True)
