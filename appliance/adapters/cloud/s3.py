"""`ports.ObjectCloud` on an S3-compatible store.

Create only (`If-None-Match: *`), with the CRC-32C of the whole object named in the request and
compared in the reply. What is larger than one chunk goes as a multipart upload that the journal
remembers: after a cut the store is asked which parts it has. A store must know CRC-32C and
conditional writes (Amazon's API since the end of 2024).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
from botocore.exceptions import ConnectionError as LineError

from appliance.adapters.cloud.endpoint import checked_url, is_loopback
from appliance.adapters.cloud.names import check_name, check_prefix, crc32c, is_name
from appliance.adapters.cloud.one_request import OneRequest
from appliance.adapters.cloud.residency import ON_SITE
from appliance.adapters.cloud.retrying import (
    PAUSES_S,
    RETRY_STATUS,
    AgainError,
    refused,
    retried,
)
from appliance.adapters.cloud.s3_body import PackBody
from appliance.adapters.cloud.s3_multipart import Multipart
from appliance.adapters.cloud.s3_session import S3Account, client, session
from appliance.core.errors import Conflict, NotFound, Refused, Unreachable, WrongConfiguration
from appliance.core.ports import Content, ObjectCloud, RemoteObject
from appliance.core.transfer import (
    CHUNK_BYTES,
    FreeLine,
    Line,
    MemoryUploads,
    UploadJournal,
    damaged,
)

_REGION = re.compile(r"[a-z0-9-]{2,40}\Z")
_TAKEN = 412  # the name exists: a precondition failed
_RACE = 409  # another write to the name is going on


class S3Objects:
    def __init__(
        self,
        bucket: str,
        *,
        region: str,
        account: S3Account,
        endpoint: str = "",
        listed: bool = False,
        prover: ObjectCloud | None = None,
        uploads: UploadJournal | None = None,
        line: Line | None = None,
        pauses_s: tuple[float, ...] = PAUSES_S,
        chunk_bytes: int = CHUNK_BYTES,
    ) -> None:
        """`endpoint` is for stores other than Amazon's; `listed` when the school has listed its
        host as lying in the EU/EEA, whose regions then need not be known here; `prover` is the same
        bucket under an identity that may read, for one that may only create.

        Raise WrongConfiguration for an endpoint without TLS, unless it is on this machine, and for
        a region that is none.
        """
        if not _REGION.match(region):
            raise WrongConfiguration(
                "cloud.region must be the region's short name, for example eu-north-1."
            )
        self._amazon = not endpoint
        self._endpoint = checked_url(endpoint or f"https://s3.{region}.amazonaws.com")
        self._host = urlsplit(self._endpoint).hostname or ""
        self._bucket = bucket
        self._region = region
        self._account = account
        self._listed = listed and not self._amazon
        self._prover = prover
        self._replied: dict[str, tuple[str, str]] = {}  # by name: tag and checksum of final replies
        self._uploads = uploads or MemoryUploads()
        self._line = line or FreeLine()
        self._pauses_s = pauses_s
        self._chunk_bytes = chunk_bytes
        self._opened: Any = None
        self._opening = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def location(self) -> str:
        """The store's word for the region, in capitals; the host where only the school's list
        says where it is; `on site` for a store on this machine that names no region."""
        if self._prover is not None:
            return await self._prover.location()
        reply = await self._call("get_bucket_location")
        if reply is None:
            raise WrongConfiguration(
                "The bucket does not exist or may not be seen: check cloud.bucket and what the "
                "account may do."
            )
        told = str(reply.get("LocationConstraint") or "").upper()
        if self._listed:
            return self._host
        if told == "EU":  # what Amazon once called Ireland
            return "EU-WEST-1"
        if not told and self._amazon:
            return "US-EAST-1"  # Amazon names every region but its first
        return ON_SITE if not told and is_loopback(self._host) else told

    async def put(self, name: str, content: Content) -> RemoteObject:
        checksum = crc32c(content)
        key = check_name(name)
        if len(content) <= self._chunk_bytes:
            one = OneRequest(self._uploads, self._line, self._exists, self._pauses_s)
            reply = await one.send(
                key,
                len(content),
                lambda sender: self._once(
                    "put_object",
                    Key=key,
                    Body=PackBody(content, sender),
                    ChecksumCRC32C=checksum,
                    IfNoneMatch="*",
                ),
            )
        else:
            multipart = Multipart(
                self._call, self._exists, self._uploads, self._line, self._chunk_bytes
            )
            reply = await multipart.send(key, content, checksum)
        if reply is not None:
            said = str(reply.get("ChecksumCRC32C", ""))
            if said != checksum:
                raise damaged()
            self._replied[name] = str(reply.get("ETag", "")), said
            return RemoteObject(name=name, size=len(content), crc32c=said)
        # The name exists. After a lost reply that is our own earlier try.
        remote = await self.stat(name)
        if remote is None:
            raise Unreachable("The object store contradicts itself: try again later.")
        if (remote.size, remote.crc32c) != (len(content), checksum):
            raise Conflict("An object of that name with other content is stored already.")
        return remote

    async def stat(self, name: str) -> RemoteObject | None:
        if self._prover is not None:
            return await self._prover.stat(name)
        reply = await self._call("head_object", Key=check_name(name), ChecksumMode="ENABLED")
        if reply is None:
            return None
        return RemoteObject(
            name=name,
            size=int(reply.get("ContentLength", -1)),
            crc32c=str(reply.get("ChecksumCRC32C", "")),
        )

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        """A listing names no checksum, but a tag of the content: where that is the one of a final
        reply to this very client, so is the checksum."""
        replied = self._replied
        found: dict[str, RemoteObject] = {}
        for name, size, tag in await self._pages(check_prefix(prefix)):
            known, checksum = replied.get(name, ("", ""))
            found[name] = RemoteObject(
                name=name, size=size, crc32c=checksum if tag and tag == known else ""
            )
        return found

    async def _pages(self, prefix: str) -> Sequence[tuple[str, int, str]]:
        if isinstance(self._prover, S3Objects):
            return await self._prover._pages(prefix)
        found: list[tuple[str, int, str]] = []
        page: dict[str, Any] = {}
        while True:
            reply = await self._call("list_objects_v2", Prefix=prefix, **page) or {}
            found += [
                (str(item["Key"]), int(item["Size"]), str(item.get("ETag", "")))
                for item in reply.get("Contents", ())
                if is_name(str(item["Key"]))
            ]
            if not reply.get("IsTruncated"):
                return found
            page = {"ContinuationToken": str(reply["NextContinuationToken"])}

    async def _exists(self, name: str) -> bool:
        return await self.stat(name) is not None

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        if self._prover is not None:
            return await self._prover.get(name, start, length)
        key = check_name(name)
        if length == 0:
            return b""
        wanted = {}
        if start or length is not None:
            last = "" if length is None else str(start + length - 1)
            wanted["Range"] = f"bytes={start}-{last}"

        async def read(reply: Any) -> bytes:
            async with reply["Body"] as body:
                return bytes(await body.read())

        content = await self._call("get_object", read, Key=key, **wanted)
        if content is None:
            raise NotFound("There is no such object in the object store.")
        return bytes(content)

    async def delete(self, name: str) -> None:
        key = check_name(name)
        begun = await self._uploads.find(key)
        if begun is not None:  # what was sent of it is not left behind either
            if begun.token:
                await self._call("abort_multipart_upload", Key=key, UploadId=begun.token)
            await self._uploads.forget(key)
        await self._call("delete_object", Key=key)

    async def close(self) -> None:
        if self._prover is not None:
            await self._prover.close()
        await self._stack.aclose()
        self._opened = None

    async def _call(
        self, operation: str, then: Callable[[Any], Any] | None = None, **arguments: Any
    ) -> Any:
        """The reply, or what `then` makes of it; None for not there, and for there already."""
        return await retried(
            lambda: self._once(operation, then, **arguments), self._line, self._pauses_s
        )

    async def _once(
        self, operation: str, then: Callable[[Any], Any] | None = None, **arguments: Any
    ) -> Any:
        """The same without another try: raises AgainError."""
        store = await self._client()
        try:
            reply = await getattr(store, operation)(Bucket=self._bucket, **arguments)
            return await then(reply) if then else reply
        except ClientError as error:
            return _explained(error)
        except (HTTPClientError, LineError, OSError):
            raise AgainError from None  # the line, not the store
        except BotoCoreError as error:
            raise Unreachable(
                f"The object store gave an answer that this box does not understand "
                f"({type(error).__name__}): check cloud.endpoint and cloud.bucket."
            ) from None

    async def _client(self) -> Any:
        async with self._opening:
            if self._opened is None:
                made = await asyncio.to_thread(session)
                self._opened = await self._stack.enter_async_context(
                    client(made, self._endpoint, self._region, self._account, self._line)
                )
            return self._opened


def _explained(error: ClientError) -> Any:
    """None for 404 and 412, b"" for a range after the end; otherwise raise what it means."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in ("BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"):
        raise AgainError(damaged=True)
    if status in RETRY_STATUS or status == _RACE or code in ("RequestTimeout", "SlowDown"):
        raise AgainError
    if status in (404, _TAKEN):
        return None
    if status == 416:
        return b""
    if status in (401, 403):
        raise refused()
    if 300 <= status < 400:
        raise Refused(
            "The object store wants to send this box elsewhere, so nothing was sent: check "
            "cloud.region and cloud.endpoint.",
            code="cloud-elsewhere",
        )
    raise Unreachable(
        f"The object store answered {status} ({code}), which this box does not understand: check "
        "cloud.endpoint and cloud.bucket."
    )
