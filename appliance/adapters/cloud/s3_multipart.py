"""A multipart upload that goes on where it was, in this process or the next.

The store keeps whole parts and says which (`ListParts`); only a part that was under way is sent
again. Parts go one after another: several at once would all be lost together.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any

from appliance.adapters.cloud.names import crc32c
from appliance.adapters.cloud.s3_body import PackBody
from appliance.core.errors import Unreachable
from appliance.core.ports import Content
from appliance.core.transfer import Line, UnfinishedUpload, UploadJournal

Call = Callable[..., Awaitable[Any]]
"""An operation by its name; None when the store says 404 or 412."""
Exists = Callable[[str], Awaitable[bool]]
"""Whether there is an object of this name, asked by somebody who may see it."""


class Multipart:
    def __init__(
        self,
        call: Call,
        exists: Exists,
        uploads: UploadJournal,
        line: Line,
        chunk_bytes: int,
    ) -> None:
        self._call = call
        self._exists = exists
        self._uploads = uploads
        self._line = line
        self._chunk_bytes = chunk_bytes

    async def send(self, key: str, content: Content, checksum: str, *, tries: int = 3) -> Any:
        """The store's final reply; None when the name exists already."""
        begun = await self._uploads.find(key)
        there: dict[int, str] | None = None
        if begun is not None and begun.token and begun.size == len(content):
            there = await self._parts_there(key, begun.token)
        if begun is None or there is None:
            if begun is not None and await self._exists(key):
                await self._uploads.arrived(key)
                return None  # finished before the reply was lost
            begun, there = await self._begin(key, content), {}
        parts = []
        for number, at in enumerate(range(0, len(content), self._chunk_bytes), start=1):
            part = memoryview(content)[at : at + self._chunk_bytes]
            part_checksum, tag = await asyncio.to_thread(_digests, part)
            if there.get(number) != tag:
                async with self._line.under_way(len(part)) as sender:
                    reply = await self._call(
                        "upload_part",
                        Key=key,
                        UploadId=begun.token,
                        PartNumber=number,
                        Body=PackBody(part, sender),
                        ChecksumCRC32C=part_checksum,
                    )
                if reply is None:  # the upload is gone: the store gave it up, or it is finished
                    if await self._exists(key):
                        await self._uploads.arrived(key)
                        return None
                    await self._uploads.forget(key)
                    if tries <= 1:
                        raise Unreachable("The object store keeps losing what it takes.")
                    return await self.send(key, content, checksum, tries=tries - 1)
                tag = str(reply.get("ETag", "")).strip('"')
            parts.append({"PartNumber": number, "ETag": tag, "ChecksumCRC32C": part_checksum})
        reply = await self._call(
            "complete_multipart_upload",
            Key=key,
            UploadId=begun.token,
            MultipartUpload={"Parts": parts},
            ChecksumCRC32C=checksum,
            ChecksumType="FULL_OBJECT",
            IfNoneMatch="*",
        )
        if reply is None:
            # The name is taken, or a lost reply was of this very call: the caller looks.
            await self._call("abort_multipart_upload", Key=key, UploadId=begun.token)
        await self._uploads.arrived(key)
        return reply

    async def _begin(self, key: str, content: Content) -> UnfinishedUpload:
        reply = await self._call(
            "create_multipart_upload",
            Key=key,
            ChecksumAlgorithm="CRC32C",
            ChecksumType="FULL_OBJECT",
        )
        begun = UnfinishedUpload(name=key, size=len(content), token=str(reply["UploadId"]))
        await self._uploads.remember(begun)
        return begun

    async def _parts_there(self, key: str, token: str) -> dict[int, str] | None:
        """ETags (MD5 in hexadecimal) by number; None when the store no longer knows the upload."""
        reply = await self._call("list_parts", Key=key, UploadId=token)
        if reply is None:
            return None
        return {int(p["PartNumber"]): str(p["ETag"]).strip('"') for p in reply.get("Parts", ())}


def _digests(part: memoryview) -> tuple[str, str]:
    return crc32c(part), hashlib.md5(part, usedforsecurity=False).hexdigest()
