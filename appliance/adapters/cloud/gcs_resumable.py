"""An upload to Google Cloud Storage that goes on where it was, in this process or the next.

The session's address is journalled before the first byte. All that is left goes in one request; the
store keeps what arrived of it, in steps of 256 KiB, and says how much when asked. Source:
https://cloud.google.com/storage/docs/resumable-uploads and .../performing-resumable-uploads.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from typing import Any

from appliance.adapters.cloud.gcs_http import FAULTS, GcsHttp, check, described
from appliance.adapters.cloud.paced_body import PacedBody
from appliance.adapters.cloud.retrying import AgainError, retried
from appliance.core.errors import Refused, Unreachable
from appliance.core.ports import Content
from appliance.core.transfer import ON_ITS_WAY_BYTES, UnfinishedUpload, UploadJournal

_RANGE = re.compile(r"bytes=0-(\d+)\Z")
_SESSIONS = 3  # after so many lost ones within one put, the store is not to be relied on


@dataclass(frozen=True, slots=True)
class _Answer:
    """`offset` while the store waits for more; else `done`: its description of the object, or
    None when the name was taken."""

    offset: int | None = None
    done: dict[str, Any] | None = None


class _SessionLost(Exception):
    """The store no longer knows the session: it ran out, or the checksum did not fit."""

    def __init__(self, *, damaged: bool = False) -> None:
        super().__init__()
        self.damaged = damaged


class Resumable:
    def __init__(self, http: GcsHttp, uploads: UploadJournal, pauses_s: tuple[float, ...]) -> None:
        self._http = http
        self._uploads = uploads
        self._pauses_s = pauses_s

    async def send(self, name: str, content: Content, checksum: str) -> dict[str, Any] | None:
        """The store's description of the object; None when the name was taken."""
        for left in reversed(range(_SESSIONS)):
            try:
                reply = await self._in_one_session(name, content, checksum)
            except _SessionLost as lost:
                await self._uploads.forget(name)
                if left == 0:
                    raise AgainError(damaged=lost.damaged) from None
                continue
            await self._uploads.arrived(name)
            return reply
        raise AssertionError("the loop returns or raises")

    async def abandon(self, name: str) -> None:
        """Tell the store to drop what it has of an upload that was begun."""
        begun = await self._uploads.find(name)
        if begun is None:
            return
        if not begun.token:  # it went in one request, and the store knows nothing of it
            await self._uploads.forget(name)
            return

        async def cancel() -> None:
            try:
                # 499 is how the store says that it did; whatever else it says, the address is
                # worth nothing without us and ends by itself after a week.
                async with await self._http.request(
                    "DELETE", self._checked(begun.token), headers={"Content-Length": "0"}
                ):
                    return
            except FAULTS:
                raise AgainError from None

        await retried(cancel, self._http.line, self._pauses_s)
        await self._uploads.forget(name)

    async def _in_one_session(
        self, name: str, content: Content, checksum: str
    ) -> dict[str, Any] | None:
        begun = await self._uploads.find(name)
        if begun is None or not begun.token or begun.size != len(content):
            begun = await self._begin(name, len(content), checksum)
            answer = _Answer(done=None) if begun is None else _Answer(offset=0)
        else:
            answer = await self._ask(begun)
        failed = 0
        while begun is not None and answer.offset is not None:
            sent_from = answer.offset
            try:
                answer = await self._push(begun, content, sent_from)
            except AgainError as error:
                try:
                    answer = await self._ask(begun)
                except _SessionLost:
                    raise _SessionLost(damaged=error.damaged) from None
            if answer.offset is not None and answer.offset <= sent_from:
                # A cut that still brought the upload on is no failure, however many there are.
                if failed == len(self._pauses_s):
                    raise Unreachable(
                        "The object store takes nothing: check the line; sync goes on later."
                    )
                await asyncio.sleep(self._pauses_s[failed])
                failed += 1
            else:
                failed = 0
        return answer.done

    async def _begin(self, name: str, size: int, checksum: str) -> UnfinishedUpload | None:
        about = json.dumps({"name": name, "crc32c": checksum}).encode()

        async def start() -> str | None:
            try:
                async with await self._http.request(
                    "POST",
                    f"/upload/storage/v1/b/{self._http.bucket}/o"
                    "?uploadType=resumable&ifGenerationMatch=0",
                    headers={
                        "Content-Type": "application/json; charset=UTF-8",
                        "X-Upload-Content-Type": "application/octet-stream",
                        "X-Upload-Content-Length": str(size),
                    },
                    data=about,
                ) as reply:
                    if reply.status == 412:
                        return None
                    check(reply)
                    return reply.headers.get("Location", "")
            except FAULTS:
                raise AgainError from None

        address = await retried(start, self._http.line, self._pauses_s)
        if address is None:
            return None
        begun = UnfinishedUpload(name=name, size=size, token=self._checked(address))
        await self._uploads.remember(begun)
        return begun

    async def _ask(self, begun: UnfinishedUpload) -> _Answer:
        return await retried(
            lambda: self._put(begun, f"bytes */{begun.size}", None),
            self._http.line,
            self._pauses_s,
        )

    async def _push(self, begun: UnfinishedUpload, content: Content, offset: int) -> _Answer:
        await self._http.line.ready()
        rest = memoryview(content)[offset:]
        if not rest:  # it has all and has not said so: asking makes it finish
            return await self._ask(begun)
        of = f"bytes {offset}-{begun.size - 1}/{begun.size}"
        async with self._http.line.under_way(len(rest), ON_ITS_WAY_BYTES) as sender:
            return await self._put(begun, of, PacedBody(sender, rest))

    async def _put(
        self, begun: UnfinishedUpload, content_range: str, rest: PacedBody | None
    ) -> _Answer:
        headers = {"Content-Range": content_range, "Content-Length": str(rest.size if rest else 0)}
        try:
            async with await self._http.request(
                "PUT",
                self._checked(begun.token),
                headers=headers,
                data=rest,
            ) as reply:
                if reply.status == 308:
                    held = _RANGE.match(reply.headers.get("Range", ""))
                    return _Answer(offset=int(held[1]) + 1 if held else 0)
                if reply.status == 412:
                    return _Answer(done=None)
                if reply.status in (404, 410):
                    raise _SessionLost
                if reply.status == 400:
                    # The checksum does not fit, and the session is gone; or an earlier connection
                    # still brought something after we had asked, and it goes on from there.
                    raise AgainError(damaged=True) if rest else _SessionLost
                check(reply)
                return _Answer(done=await described(reply))
        except FAULTS:
            raise AgainError from None

    def _checked(self, address: str) -> str:
        """A session lives at the endpoint it was begun at; anywhere else may be outside the EU."""
        if not address.startswith(self._http.endpoint + "/"):
            raise Refused(
                "The object store wants to send this box elsewhere, so nothing was sent: check "
                "cloud.endpoint.",
                code="cloud-elsewhere",
            )
        return address
