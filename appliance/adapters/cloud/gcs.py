"""`ports.ObjectCloud` on Google Cloud Storage's JSON API.

Create only (`ifGenerationMatch=0`), with the CRC-32C in the metadata so that the store refuses what
arrived damaged; the size and checksum of the final reply are compared all the same, because an
upload counts as done only by what the store says it has. Up to one chunk goes as one multipart
POST, what is larger in a session that outlives the process (`gcs_resumable`).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from appliance.adapters.cloud.endpoint import checked_url, is_loopback
from appliance.adapters.cloud.gcs_http import FAULTS, GcsHttp, check
from appliance.adapters.cloud.gcs_resumable import Resumable
from appliance.adapters.cloud.google_token import GoogleToken
from appliance.adapters.cloud.names import check_name, check_prefix, crc32c, is_name
from appliance.adapters.cloud.one_request import OneRequest
from appliance.adapters.cloud.paced_body import PacedBody
from appliance.adapters.cloud.retrying import PAUSES_S, AgainError, retried
from appliance.core.errors import Conflict, NotFound, Unreachable, WrongConfiguration
from appliance.core.ports import Content, ObjectCloud, RemoteObject
from appliance.core.transfer import (
    CHUNK_BYTES,
    FreeLine,
    Line,
    MemoryUploads,
    Sender,
    UploadJournal,
    damaged,
)

GOOGLE = "https://storage.googleapis.com"


class GcsObjects:
    def __init__(
        self,
        bucket: str,
        *,
        endpoint: str = GOOGLE,
        credentials_file: Path | None = None,
        prover: ObjectCloud | None = None,
        uploads: UploadJournal | None = None,
        line: Line | None = None,
        pauses_s: tuple[float, ...] = PAUSES_S,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        """`prover`: the same bucket under an identity that may read, for one that may only create.
        `pauses_s`: how long to wait before each further try of a request that failed.

        Raise WrongConfiguration for an endpoint without TLS, or without credentials, unless it
        is on this machine.
        """
        endpoint = checked_url(endpoint)
        token = GoogleToken.from_file(credentials_file) if credentials_file else None
        if token is None and not is_loopback(urlsplit(endpoint).hostname or ""):
            raise WrongConfiguration(
                "Name the service account's key file in cloud.credentials_file: the object store "
                "takes nothing from strangers."
            )
        self._prover = prover
        self._line = line or FreeLine()
        self._http = GcsHttp(endpoint, bucket, token, self._line)
        self._uploads = uploads or MemoryUploads()
        self._resumable = Resumable(self._http, self._uploads, pauses_s)
        self._pauses_s = pauses_s
        self._chunk_bytes = chunk_bytes

    async def location(self) -> str:
        if self._prover is not None:
            return await self._prover.location()
        path = f"/storage/v1/b/{self._http.bucket}"
        reply = await self._json("GET", path)
        if reply is None:
            raise WrongConfiguration(
                "The bucket does not exist or may not be seen: check cloud.bucket and what the "
                "service account may do."
            )
        # Upper case as Google writes it; never the words of a directory on site.
        return str(reply.get("location", "")).upper()

    async def put(self, name: str, content: Content) -> RemoteObject:
        check_name(name)
        checksum = crc32c(content)
        if len(content) <= self._chunk_bytes:
            one = OneRequest(self._uploads, self._line, self._exists, self._pauses_s)
            reply = await one.send(
                name, len(content), lambda sender: self._post(name, content, checksum, sender)
            )
        else:
            try:
                reply = await self._resumable.send(name, content, checksum)
            except AgainError as error:
                if error.damaged:
                    raise damaged() from None
                raise Unreachable(
                    "The object store keeps losing what it takes: sync goes on later."
                ) from None
        # None: the name exists. After a lost reply that is our own earlier try.
        remote = _remote(name, reply) if reply is not None else await self.stat(name)
        if remote is None:
            raise Unreachable("The object store contradicts itself: try again later.")
        if (remote.size, remote.crc32c) != (len(content), checksum):
            if reply is None:
                raise Conflict("An object of that name with other content is stored already.")
            raise damaged()
        return remote

    async def stat(self, name: str) -> RemoteObject | None:
        if self._prover is not None:
            return await self._prover.stat(name)
        reply = await self._json("GET", self._object(check_name(name)))
        return None if reply is None else _remote(name, reply)

    async def _exists(self, name: str) -> bool:
        return await self.stat(name) is not None

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        if self._prover is not None:
            return await self._prover.list(prefix)
        asked = f"prefix={quote(check_prefix(prefix), safe='')}&fields=items(name,size,crc32c),"
        found: dict[str, RemoteObject] = {}
        page = ""
        while True:
            path = f"/storage/v1/b/{self._http.bucket}/o?{asked}nextPageToken{page}"
            reply = await self._json("GET", path) or {}
            for item in reply.get("items", ()):
                if is_name(name := str(item.get("name", ""))):
                    found[name] = _remote(name, item)
            if not (token := reply.get("nextPageToken")):
                return found
            page = f"&pageToken={quote(str(token), safe='')}"

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        if self._prover is not None:
            return await self._prover.get(name, start, length)
        path = self._object(check_name(name)) + "?alt=media"
        headers = {}
        if length == 0:
            return b""
        if start or length is not None:
            last = "" if length is None else str(start + length - 1)
            headers["Range"] = f"bytes={start}-{last}"

        async def fetch() -> bytes:
            try:
                async with await self._http.request("GET", path, headers=headers) as reply:
                    if reply.status == 404:
                        raise NotFound("There is no such object in the object store.")
                    if reply.status == 416:
                        return b""
                    check(reply)
                    return await reply.read()
            except FAULTS:
                raise AgainError from None

        return await retried(fetch, self._line, self._pauses_s)

    async def delete(self, name: str) -> None:
        """What was sent of an upload that was never finished goes too."""
        await self._resumable.abandon(check_name(name))
        await self._removed(self._object(name))

    async def close(self) -> None:
        if self._prover is not None:
            await self._prover.close()
        await self._http.close()

    async def _removed(self, path: str) -> None:
        async def remove() -> None:
            try:
                async with await self._http.request("DELETE", path) as reply:
                    if reply.status != 404:
                        check(reply)
            except FAULTS:
                raise AgainError from None

        await retried(remove, self._line, self._pauses_s)

    async def _json(self, method: str, path: str) -> dict[str, Any] | None:
        return await retried(lambda: self._http.json(method, path), self._line, self._pauses_s)

    def _object(self, name: str) -> str:
        return f"/storage/v1/b/{self._http.bucket}/o/{quote(name, safe='')}"

    async def _post(
        self, name: str, content: Content, checksum: str, sender: Sender
    ) -> dict[str, Any] | None:
        """The store's description of the new object, None when the name was taken."""
        boundary = secrets.token_hex(16)
        about = json.dumps({"name": name, "crc32c": checksum})
        head = (
            f"--{boundary}\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n{about}\r\n"
            f"--{boundary}\r\nContent-Type: application/octet-stream\r\n\r\n"
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()
        return await self._http.json(
            "POST",
            f"/upload/storage/v1/b/{self._http.bucket}/o?uploadType=multipart&ifGenerationMatch=0",
            headers={
                "Content-Type": f"multipart/related; boundary={boundary}",
                "Content-Length": str(len(head) + len(content) + len(tail)),
            },
            data=PacedBody(sender, head, content, tail),
        )


def _remote(name: str, reply: dict[str, Any]) -> RemoteObject:
    """What the store says; a reply without size or checksum matches nothing."""
    return RemoteObject(
        name=name, size=int(reply.get("size", -1)), crc32c=str(reply.get("crc32c", ""))
    )
