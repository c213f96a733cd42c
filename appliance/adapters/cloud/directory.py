"""`ports.ObjectCloud` on a mounted directory: a disk or server of the school's own, on site."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from appliance.adapters.cloud.names import check_name, check_prefix, crc32c, is_name
from appliance.adapters.cloud.residency import ON_SITE
from appliance.core.errors import Conflict, NotFound, Unreachable
from appliance.core.ports import Content, RemoteObject
from appliance.core.transfer import damaged
from appliance.whole_file import unwritable


class DirectoryObjects:
    """Files under `directory`, which must exist: a missing mount is not silently a new folder."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def location(self) -> str:
        if not await asyncio.to_thread(self._directory.is_dir):
            raise Unreachable(
                f"The directory {self._directory} is not there: is the disk or share connected?"
            )
        return ON_SITE

    async def put(self, name: str, content: Content) -> RemoteObject:
        return await asyncio.to_thread(self._put, check_name(name), content)

    async def stat(self, name: str) -> RemoteObject | None:
        return await asyncio.to_thread(self._stat, check_name(name))

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        return await asyncio.to_thread(self._list, check_prefix(prefix))

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        return await asyncio.to_thread(self._get, check_name(name), start, length)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread((self._directory / check_name(name)).unlink, missing_ok=True)

    async def close(self) -> None:
        return

    def _put(self, name: str, content: Content) -> RemoteObject:
        path = self._directory / name
        sent = RemoteObject(name=name, size=len(content), crc32c=crc32c(content))
        fresh = path.with_name(f".{secrets.token_hex(8)}")
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(fresh, path)
            except FileExistsError:
                if self._stat(name) != sent:
                    raise Conflict(
                        "An object of that name with other content is stored already."
                    ) from None
            _fsync_directory(path.parent)
            stored = self._stat(name)
            if stored is not None and stored != sent:
                path.unlink()  # so that the next run sends it anew
                raise damaged()
        except OSError as error:
            raise unwritable(self._directory / name, error) from error
        finally:
            fresh.unlink(missing_ok=True)
        if stored is None:
            raise Unreachable(f"{self._directory} loses what is written to it: use another disk.")
        return stored

    def _stat(self, name: str) -> RemoteObject | None:
        try:
            content = (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None
        return RemoteObject(name=name, size=len(content), crc32c=crc32c(content))

    def _list(self, prefix: str) -> dict[str, RemoteObject]:
        folder, _, beginning = prefix.partition("/")
        names = [
            f"{folder}/{path.name}" for path in (self._directory / folder).glob(f"{beginning}*")
        ]
        found = {name: self._stat(name) for name in names if is_name(name)}
        return {name: remote for name, remote in found.items() if remote is not None}

    def _get(self, name: str, start: int, length: int | None) -> bytes:
        try:
            with open(self._directory / name, "rb") as file:
                file.seek(start)
                return file.read(-1 if length is None else length)
        except FileNotFoundError:
            raise NotFound("There is no such object in the object store.") from None


def _fsync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
