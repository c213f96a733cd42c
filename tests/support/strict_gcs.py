"""Google Cloud Storage as its documentation says it is, where the emulators are more lenient.

Create-only holds on resumable uploads too, a session keeps what arrived in steps of 256 KiB and
runs out, a checksum that does not fit is refused, identities may do what their role says and no
more. It counts requests and bytes, and it can be told to misbehave as a line or a store does. That
it speaks the protocol is checked with Google's own client (tests/contract/test_strict_gcs.py).
"""

from __future__ import annotations

import itertools
import json
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web
from aiohttp.test_utils import TestServer

from appliance.adapters.cloud.names import crc32c
from tests.support.sent_again import SentAgain

GRANULARITY = 256 * 1024
_RANGE = re.compile(r"bytes (?:\*|(\d+)-(\d+))/(\d+)\Z")
_NAMED = re.compile(rb'"name": *"([^"]+)"')
_WANTED = re.compile(r"bytes=(\d+)-(\d*)\Z")


@dataclass(slots=True)
class Session:
    about: dict[str, Any]
    size: int | None
    create_only: bool
    received: bytearray = field(default_factory=bytearray)
    expired: bool = False
    finished: str | None = None  # the object's name
    writes: object = None  # the request that adds to it: what an earlier one still brings is lost


@dataclass(slots=True)
class Seen:
    """One request: what was asked, and how many bytes of body arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body_bytes: int = 0


class StrictGcs:
    """`roles`: what the bearer of each token, or each service account, may do, of `create`,
    `read`, `delete`; without any, everybody may do all. `faults` are taken one per
    upload of bytes: a status to answer instead of storing, `lost` to store and drop the line before
    the reply, `damaged` to keep something else, `("cut", n)` to drop the line after n bytes of
    body."""

    def __init__(
        self,
        *,
        location: str = "EUROPE-NORTH1",
        bucket: str = "bucket",
        roles: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self.location = location
        self.bucket = bucket
        self.roles = roles
        self.objects: dict[str, bytes] = {}
        self.sessions: dict[str, Session] = {}
        self.held: set[str] = set()  # under a retention policy or hold
        self.faults: list[int | str | tuple[str, int]] = []
        self.seen: list[Seen] = []
        self.created: list[str] = []
        self.watch: Callable[[int], None] = lambda total: None  # told as bytes of bodies arrive
        self.again = SentAgain()
        self._total = 0
        self._generations = itertools.count(1)
        self._generation: dict[str, int] = {}
        self._server: TestServer | None = None

    async def start(self) -> None:
        application = web.Application(client_max_size=64 * 1024 * 1024)
        b = f"/storage/v1/b/{self.bucket}"
        route = application.router
        route.add_get(b, self._describe_bucket)
        route.add_get(f"{b}/o", self._list)
        route.add_get(f"{b}/o/{{name:.+}}", self._get)
        route.add_get(f"/download{b}/o/{{name:.+}}", self._get)
        route.add_delete(f"{b}/o/{{name:.+}}", self._delete)
        route.add_post(f"/upload{b}/o", self._upload)
        route.add_put(f"/upload{b}/o", self._put)
        route.add_delete(f"/upload{b}/o", self._cancel)
        self._server = TestServer(application)
        await self._server.start_server()

    async def stop(self) -> None:
        if self._server is not None:
            await self._server.close()

    @property
    def endpoint(self) -> str:
        assert self._server is not None
        return str(self._server.make_url("")).rstrip("/")

    @property
    def port(self) -> int:
        assert self._server is not None
        assert self._server.port is not None
        return self._server.port

    @property
    def body_bytes(self) -> int:
        """All that was uploaded, arrived twice or not."""
        return self._total

    @property
    def sent_bytes(self) -> int:
        """The same by the name that `tests.support.tap` has for it."""
        return self._total

    @property
    def kept_bytes(self) -> int:
        """In objects and in sessions that are not finished."""
        begun = (len(s.received) for s in self.sessions.values() if s.finished is None)
        return sum(map(len, self.objects.values())) + sum(begun)

    def expire_sessions(self) -> None:
        for session in self.sessions.values():
            session.expired = True

    # --- handlers ------------------------------------------------------------------------------

    async def _describe_bucket(self, request: web.Request) -> web.StreamResponse:
        self._admit(request, "read", "create")
        return web.json_response({"name": self.bucket, "location": self.location})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self._admit(request, "read")
        most = int(request.query.get("maxResults", "1000"))
        after = request.query.get("pageToken", "")
        prefix = request.query.get("prefix", "")
        names = sorted(n for n in self.objects if n.startswith(prefix) and n > after)
        page: dict[str, Any] = {"items": [self._about(name) for name in names[:most]]}
        if len(names) > most:
            page["nextPageToken"] = names[most - 1]
        return web.json_response(page)

    async def _get(self, request: web.Request) -> web.StreamResponse:
        self._admit(request, "read", *([] if "alt" in request.query else ["create"]))
        content = self.objects.get(name := request.match_info["name"])
        if content is None:
            return _error(404)
        if request.query.get("alt") != "media":
            return web.json_response(self._about(name))
        wanted = _WANTED.match(request.headers.get("Range", ""))
        headers = {"X-Goog-Hash": f"crc32c={crc32c(content)}"}
        if wanted is None:
            return web.Response(body=content, headers=headers)
        first, last = int(wanted[1]), int(wanted[2] or len(content) - 1)
        if first >= len(content):
            return _error(416)
        part = content[first : last + 1]
        span = f"bytes {first}-{first + len(part) - 1}/{len(content)}"
        return web.Response(status=206, body=part, headers={"Content-Range": span})

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        self._admit(request, "delete")
        name = request.match_info["name"]
        if name not in self.objects:
            return _error(404)
        if name in self.held:
            return _error(403)
        del self.objects[name]
        return web.Response(status=204)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        seen = self._admit(request, "create")
        create_only = request.query.get("ifGenerationMatch") == "0"
        if request.query["uploadType"] == "resumable":
            about = json.loads(await request.read() or b"{}")
            about.setdefault("name", request.query.get("name"))
            told = request.headers.get("X-Upload-Content-Length")
            token = secrets.token_hex(16)
            self.sessions[token] = Session(about, None if told is None else int(told), create_only)
            query = f"uploadType=resumable&upload_id={quote(token)}"
            return web.Response(
                headers={
                    "Location": f"http://{request.host}/upload/storage/v1/b/{self.bucket}/o?{query}"
                }
            )
        fault = self.faults.pop(0) if self.faults else None
        about, content = await self._parts(request, seen, fault)
        if isinstance(fault, int):
            return _error(fault)
        return self._store(request, about, content, create_only, fault)

    async def _put(self, request: web.Request) -> web.StreamResponse:
        session = self.sessions.get(request.query.get("upload_id", ""))
        seen = self._note(request)  # the address itself is the right to add to it
        if session is None:
            return _error(404)
        if session.expired:
            return _error(410)
        if session.finished is not None:
            return web.json_response(self._about(session.finished))
        told = _RANGE.match(request.headers.get("Content-Range", ""))
        if told is None:
            return _error(400)
        if told[1] is None and int(told[3]) != len(session.received):  # `bytes */N`: how far?
            return _more(session)
        if told[1] is not None:
            first, last, size = int(told[1]), int(told[2]), int(told[3])
            if first != len(session.received) or (session.size or size) != size:
                return _error(400)
            if last + 1 < size and (last + 1 - first) % GRANULARITY:
                return _error(400)
            fault = self.faults.pop(0) if self.faults else None
            await self._receive(request, seen, session, fault)
            if isinstance(fault, int):
                return _error(fault)
            if len(session.received) < size or session.writes is not seen:
                return _more(session)
        else:
            fault = None
        content = bytes(session.received)
        reply = self._store(request, session.about, content, session.create_only, fault)
        if reply.status == 200:
            session.finished = str(session.about["name"])
        elif reply.status == 400:
            session.expired = True  # what arrived is thrown away
        return reply

    async def _cancel(self, request: web.Request) -> web.StreamResponse:
        self._note(request)
        known = self.sessions.pop(request.query.get("upload_id", ""), None)
        return _error(404 if known is None else 499)

    # --- inner ---------------------------------------------------------------------------------

    def _store(
        self,
        request: web.Request,
        about: dict[str, Any],
        content: bytes,
        create_only: bool,
        fault: int | str | tuple[str, int] | None,
    ) -> web.StreamResponse:
        name = str(about["name"])
        if "crc32c" in about and about["crc32c"] != crc32c(content):
            return _error(400)
        if name in self.objects:
            if create_only:
                return _error(412)
            self._allow(request, "delete")  # overwriting takes the right to delete
            if name in self.held:
                return _error(403)
        self.objects[name] = content[:-1] if fault == "damaged" else content
        self._generation[name] = next(self._generations)
        self.created.append(name)
        if fault == "lost":
            assert request.transport is not None
            request.transport.abort()
        return web.json_response(self._about(name))

    async def _receive(
        self,
        request: web.Request,
        seen: Seen,
        session: Session,
        fault: int | str | tuple[str, int] | None,
    ) -> None:
        """Keep what arrives in whole steps, and what is over at the end of a whole request."""
        arrived, kept = bytearray(), 0
        session.writes = seen
        counted = self.again.request(str(session.about["name"]), len(session.received))
        async for piece in request.content.iter_chunked(64 * 1024):
            arrived += piece
            counted.arrived(len(piece))
            self._count(seen, piece)
            if isinstance(fault, tuple) and len(arrived) >= fault[1]:
                assert request.transport is not None
                request.transport.abort()
                return
            steps = len(arrived) // GRANULARITY * GRANULARITY
            if session.writes is not seen:
                continue
            session.received += arrived[kept:steps]
            kept = steps
        if not isinstance(fault, int) and session.writes is seen:
            session.received += arrived[kept:]

    async def _parts(
        self, request: web.Request, seen: Seen, fault: int | str | tuple[str, int] | None
    ) -> tuple[dict[str, Any], bytes]:
        arrived, counted = bytearray(), None
        async for piece in request.content.iter_chunked(64 * 1024):
            arrived += piece
            if counted is None and (named := _NAMED.search(arrived)):
                counted = self.again.request(named[1].decode())
                counted.arrived(len(arrived) - len(piece))
            if counted is not None:
                counted.arrived(len(piece))
            self._count(seen, piece)
            if isinstance(fault, tuple) and len(arrived) >= fault[1]:
                assert request.transport is not None
                request.transport.abort()
                raise web.HTTPBadRequest
        boundary = request.content_type and request.headers["Content-Type"].partition("boundary=")
        mark = b"--" + boundary[2].strip('"').encode()
        _, head, body, _ = bytes(arrived).split(mark, 3)
        about = json.loads(head.partition(b"\r\n\r\n")[2])
        return about, body.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")

    def _about(self, name: str) -> dict[str, Any]:
        content = self.objects[name]
        return {
            "kind": "storage#object",
            "name": name,
            "bucket": self.bucket,
            "size": str(len(content)),
            "crc32c": crc32c(content),
            "generation": str(self._generation.get(name, 0)),
            "metageneration": "1",
        }

    def _count(self, seen: Seen, piece: bytes) -> None:
        seen.body_bytes += len(piece)
        self._total += len(piece)
        self.watch(self._total)

    def _note(self, request: web.Request) -> Seen:
        seen = Seen(request.method, request.path, dict(request.query), request.headers)
        self.seen.append(seen)
        return seen

    def _admit(self, request: web.Request, *any_of: str) -> Seen:
        seen = self._note(request)
        self._allow(request, *any_of)
        return seen

    def _allow(self, request: web.Request, *any_of: str) -> None:
        if self.roles is None:
            return
        token = _bearer(request.headers.get("Authorization", ""))
        if token not in self.roles:
            raise web.HTTPUnauthorized
        if not set(any_of) & set(self.roles[token]):
            raise web.HTTPForbidden


def _bearer(authorization: str) -> str:
    """The token, or whom a service account's own token (RFC 7519) says it is from."""
    token = authorization.removeprefix("Bearer ")
    parts = token.split(".")
    if len(parts) != 3:
        return token
    return str(json.loads(urlsafe_b64decode(parts[1] + "=="))["iss"])


def _more(session: Session) -> web.Response:
    """308, and how much is kept; without `Range` when that is nothing."""
    held = len(session.received)
    return web.Response(status=308, headers={"Range": f"bytes=0-{held - 1}"} if held else {})


def _error(status: int) -> web.Response:
    return web.json_response({"error": {"code": status, "message": "refused"}}, status=status)
