"""A pack as botocore takes it, a file, without a copy of its bytes."""

from __future__ import annotations

import io
import os
from typing import Any

from appliance.core.ports import Content
from appliance.core.transfer import Sender


class PackBody(io.RawIOBase):
    """Reads `content`, which may not change meanwhile. `view` is all of it, from the beginning; it
    goes by `sender`."""

    def __init__(self, content: Content, sender: Sender) -> None:
        self.view = memoryview(content)
        self.sender = sender
        self._at = 0

    def __len__(self) -> int:
        return len(self.view)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: len(self.view)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, into: Any) -> int:
        part = self.view[self._at : self._at + len(into)]
        into[: len(part)] = part
        self._at += len(part)
        return len(part)
