"""`ports.ObjectCloud` on a mounted directory: a disk or server of the school's own, on site."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from pathlib import Path

from appliance.adapters.cloud.mounted import check_mounted, not_written, reading
from appliance.adapters.cloud.names import FOLDERS, check_name, check_prefix, crc32c, is_name
from appliance.adapters.cloud.partial_file import is_token, partial_file, partial_path, sweep
from appliance.adapters.cloud.residency import ON_SITE
from appliance.core.errors import Conflict, NotFound, Unreachable
from appliance.core.ports import Content, RemoteObject
from appliance.core.transfer import (
    FreeLine,
    Line,
    MemoryUploads,
    UnfinishedUpload,
    UploadJournal,
    damaged,
)
from appliance.whole_file import fsync_directory

_PIECE = 64 * 1024  # paced one by one


class DirectoryObjects:
    """Files under `directory`, which must exist: a missing mount is not silently a new folder.
    `uploads` names what a killed run left half written, `line` says when to write."""

    def __init__(
        self,
        directory: Path,
        *,
        uploads: UploadJournal | None = None,
        line: Line | None = None,
    ) -> None:
        self._directory = directory
        self._uploads = uploads or MemoryUploads()
        self._line = line or FreeLine()
        self._writing: set[str] = set()

    async def location(self) -> str:
        await asyncio.to_thread(check_mounted, self._directory)
        return ON_SITE

    async def put(self, name: str, content: Content) -> RemoteObject:
        path = self._directory / check_name(name)
        checksum = await asyncio.to_thread(crc32c, content)
        sent = RemoteObject(name=name, size=len(content), crc32c=checksum)
        try:
            await self._clear(name)
            if await asyncio.to_thread(path.exists) or not await self._write(path, name, content):
                if await self.stat(name) != sent:
                    raise Conflict("An object of that name with other content is stored already.")
                return sent
            stored = await self.stat(name)
            if stored is not None and stored != sent:
                await asyncio.to_thread(path.unlink)  # so that the next run sends it anew
                raise damaged()
        except OSError as error:
            raise (await asyncio.to_thread(not_written, self._directory, path, error)) from error
        if stored is None:
            raise Unreachable(f"{self._directory} loses what is written to it: use another disk.")
        return stored

    async def stat(self, name: str) -> RemoteObject | None:
        return await asyncio.to_thread(self._stat, check_name(name))

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        return await asyncio.to_thread(self._list, check_prefix(prefix))

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        return await asyncio.to_thread(self._get, check_name(name), start, length)

    async def delete(self, name: str) -> None:
        """What a killed run wrote of it goes too."""
        path = self._directory / check_name(name)
        try:
            await self._clear(name)
            await asyncio.to_thread(path.unlink, missing_ok=True)
        except OSError as error:
            raise (await asyncio.to_thread(not_written, self._directory, path, error)) from error

    async def sweep(self) -> None:
        """Delete what killed runs left of objects that nobody writes any more, once it is old."""
        for folder in FOLDERS:
            await asyncio.to_thread(sweep, self._directory / folder)

    async def close(self) -> None:
        return

    async def _write(self, path: Path, name: str, content: Content) -> bool:
        """False when there is a file of this name. Raise OSError."""
        token = secrets.token_hex(8)
        self._writing.add(token)
        try:
            return await self._paced(path, token, name, content)
        finally:
            self._writing.discard(token)

    async def _paced(self, path: Path, token: str, name: str, content: Content) -> bool:
        async with self._line.under_way(len(content)) as sender:
            await self._line.ready()
            begun = UnfinishedUpload(name=name, size=len(content), token=token)
            await self._uploads.remember(begun)
            async with partial_file(path, token) as file:
                for at in range(0, len(content), _PIECE):
                    piece = memoryview(content)[at : at + _PIECE]
                    await sender.send(len(piece))
                    await file.append(piece)
                try:
                    await file.put_into_place()
                except FileExistsError:
                    return False
            await asyncio.to_thread(fsync_directory, path.parent)
        await self._uploads.forget(name)
        return True

    async def _clear(self, name: str) -> None:
        begun = await self._uploads.find(name)
        if begun is None or begun.token in self._writing:
            return
        if is_token(begun.token):  # not one of the store that the box sent to before
            left = partial_path(self._directory / name, begun.token)
            await asyncio.to_thread(left.unlink, missing_ok=True)
        await self._uploads.forget(name)

    def _stat(self, name: str) -> RemoteObject | None:
        try:
            with reading(self._directory):
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
            with reading(self._directory), open(self._directory / name, "rb") as file:
                file.seek(start)
                return file.read(-1 if length is None else length)
        except FileNotFoundError:
            raise NotFound("There is no such object in the object store.") from None
