"""What an upload needs beside its bytes: a memory of what was begun, and leave to send.

Both are handed to the object stores, which know neither a database nor a clock of the night.
"""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from appliance.core.errors import IntegrityFailure

CHUNK_BYTES = 8 * 1024 * 1024
"""What may have to be sent again after a kill or a cut, of all requests together: an object up to
this size goes in one request, a larger one by a session that the store keeps open."""

ON_ITS_WAY_BYTES = 2 * 1024 * 1024
"""Of a session, which keeps what arrived: what the sender's machine and the line hold of it when it
is cut, which may arrive after the next process has asked. More than a line of 100 Mbit/s at 80 ms
has under way (1 MB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnfinishedUpload:
    """`token` is what the store calls it: a session's address (GCS), an upload id (S3). Whoever
    has it may add to this one upload, so it is kept as the box's own rows are."""

    name: str
    size: int
    token: str


class UploadJournal(Protocol):
    """Durable when a method returns, so that a killed process goes on where it was."""

    async def remember(self, upload: UnfinishedUpload) -> None:
        """Replaces what was known of the name."""

    async def find(self, name: str) -> UnfinishedUpload | None: ...

    async def arrived(self, name: str) -> None:
        """The store has said that it has all of it. A pack stays known until the night's journal
        says so too, in one step with that: a kill between the two would begin it anew.
        Idempotent."""

    async def forget(self, name: str) -> None:
        """Idempotent."""


class Sender(Protocol):
    """One request's part of the line."""

    async def send(self, count: int) -> None:
        """Returns when `count` more bytes of this request may go."""


class Line(Protocol):
    """Leave to send. Raises Refused (`code` says why) when nothing may go (any more)."""

    async def ready(self) -> None:
        """Returns at once; asked before each request."""

    async def send(self, count: int) -> None:
        """Returns when `count` more bytes may go."""

    def under_way(
        self, count: int, at_stake: int | None = None
    ) -> AbstractAsyncContextManager[Sender]:
        """Around a request of `count` bytes; its body goes by the sender. `at_stake` of them (all,
        when it is not said) would have to go again after a cut: waits until of all such requests
        together that is at most `CHUNK_BYTES`. One that was answered counts on until its pack is
        journalled."""


class FreeLine:
    """No window and no cap."""

    async def ready(self) -> None:
        return

    async def send(self, count: int) -> None:
        return

    def under_way(
        self, count: int, at_stake: int | None = None
    ) -> AbstractAsyncContextManager[Sender]:
        return nullcontext(self)


def damaged() -> IntegrityFailure:
    """The error for a store whose size or checksum is not that of what was sent."""
    return IntegrityFailure(
        "The object store has something else than was sent: the line or the store is damaging "
        "data. Ask the technician."
    )


class MemoryUploads:
    """For whoever only reads, and for tests: forgotten with the process."""

    def __init__(self) -> None:
        self._begun: dict[str, UnfinishedUpload] = {}

    async def remember(self, upload: UnfinishedUpload) -> None:
        self._begun[upload.name] = upload

    async def find(self, name: str) -> UnfinishedUpload | None:
        return self._begun.get(name)

    async def arrived(self, name: str) -> None:
        await self.forget(name)

    async def forget(self, name: str) -> None:
        self._begun.pop(name, None)
