"""The candidate's page and what it loads: fixed files of the package, read once at start."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from appliance.core.errors import NotFound
from appliance.web.bundle import bundle, smaller
from appliance.web.routes import Open, Routes
from appliance.web.tight_script import tight

_TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".png": "image/png",
    ".ico": "image/vnd.microsoft.icon",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
ENTRY = "main.js"  # what the page begins with
PAGE = "page.js"  # it and all it imports, in one; the modules themselves are served too
STYLE = "page.css"  # so are the style sheets, in this order
_STYLES = ("styles.css", "steps.css")
_INDENTED = re.compile(rb"^ +", re.M)  # no part of the page shows its indents
_TEXT = {"text/html", "text/javascript", "text/css", "text/plain"}


@dataclass(frozen=True, slots=True)
class _File:
    """`packed`: gzipped, where that is smaller; a hall of 200 loads the page in one minute."""

    content: bytes
    packed: bytes | None
    content_type: str
    etag: str


class StaticFiles:
    """Serves exactly the files that lie under `root` at start; no path reaches the disk later."""

    def __init__(self, root: Path) -> None:
        found = {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in sorted(root.rglob("*"))
            if path.is_file() and path.suffix in _TYPES
        }
        scripts = {name: body.decode() for name, body in found.items() if name.endswith(".js")}
        found[PAGE] = bundle(scripts, ENTRY).encode()
        found[STYLE] = b"".join(found[name] for name in _STYLES)
        self._files = {name: _file(name, body) for name, body in found.items()}

    def answer(self, request: web.Request, name: str) -> web.StreamResponse:
        file = self._files.get(name)
        if file is None:
            raise NotFound("There is no such page on the box.")
        headers = {"ETag": f'"{file.etag}"', "Cache-Control": "no-cache"}
        if any(tag.value == file.etag for tag in request.if_none_match or ()):
            return web.Response(status=304, headers=headers)
        headers["Vary"] = "Accept-Encoding"
        body = file.content
        if file.packed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
            body, headers["Content-Encoding"] = file.packed, "gzip"
        return web.Response(
            body=body,
            content_type=file.content_type,
            charset="utf-8" if file.content_type in _TEXT else None,
            headers=headers,
        )


STATIC_FILES = web.AppKey("static_files", StaticFiles)
routes = Routes()


@routes.open("GET", "/", Open.PUBLIC)
async def candidate_page(request: web.Request) -> web.StreamResponse:
    """The exam and seat code of the slip's QR code stand in `?e=` and `?s=`; the page reads
    them, the box does not."""
    return request.app[STATIC_FILES].answer(request, "index.html")


@routes.open("GET", "/static/{name:.+}", Open.PUBLIC)
async def static(request: web.Request) -> web.StreamResponse:
    return request.app[STATIC_FILES].answer(request, request.match_info["name"])


def _file(name: str, content: bytes) -> _File:
    suffix = Path(name).suffix
    if suffix == ".css":
        content = smaller(content.decode()).encode()
    elif suffix == ".js":
        content = tight(smaller(content.decode())).encode()
    elif suffix == ".html":
        content = _INDENTED.sub(b"", content)
    digest = hashlib.sha256(content).hexdigest()[:32]
    packed = gzip.compress(content, compresslevel=9, mtime=0)
    kept = packed if len(packed) < len(content) else None
    return _File(content, kept, _TYPES[suffix], digest)
