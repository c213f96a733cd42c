"""How each of the three is called: its configuration, its sending, its verifying."""

from __future__ import annotations

import os
import subprocess
import sys
from abc import ABC, abstractmethod
from dataclasses import asdict, replace
from pathlib import Path
from typing import ClassVar

from appliance.config import strict_toml
from appliance.rehearsal.cloud_servers import CloudServers
from tests.support.object_servers import BUCKET, REGION, WRITER

CAP_BIT_S = {"open": 20_000_000, "thin": 2_000_000}


class Tool(ABC):
    """One tool in a scratch directory of its own, sending `files` to the store behind `port`."""

    name: ClassVar[str]

    def __init__(self, scratch: Path, files: Path, port: int, *, cap_bit_s: int = 0) -> None:
        """`cap_bit_s` 0: as fast as it goes."""
        self.scratch = scratch
        self.files = files
        self.endpoint = f"http://127.0.0.1:{port}"
        self.cap_bit_s = cap_bit_s
        self.place = scratch.name  # within the bucket, so that runs do not meet
        scratch.mkdir(parents=True)
        self.credentials = scratch / "credentials"
        self.credentials.write_text(
            f"[default]\naws_access_key_id = {WRITER.key_id}\n"
            f"aws_secret_access_key = {WRITER.secret}\n"
        )

    @abstractmethod
    def prepare(self) -> None:
        """What is done once and not measured."""

    @abstractmethod
    def send(self) -> list[str]: ...

    def verify(self) -> list[list[str]]:
        return []

    def close(self) -> None:
        return

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "HOME": str(self.scratch)}


class Hallvakt(Tool):
    name = "hallvakt"

    def prepare(self) -> None:
        self._servers = CloudServers(self.scratch / "records")
        self._servers.start()
        cloud = replace(
            self._servers.config(self.scratch / "records.uri"),
            objects="s3",
            endpoint=self.endpoint,
            bucket=BUCKET,
            region=REGION,
            credentials_file=self.credentials,
        )
        (self.scratch / "cloud.toml").write_text(strict_toml.write({"cloud": asdict(cloud)}))

    def send(self) -> list[str]:
        """Verifying is part of it: nothing is confirmed without."""
        paths = (self.scratch / "box", self.files, self.scratch / "cloud.toml")
        module = "tests.benchmarks.sync_peers_child"
        return [sys.executable, "-m", module, *map(str, paths), str(self.cap_bit_s / 1e6)]

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PYTHONPATH": os.pathsep.join(sys.path)}

    def close(self) -> None:
        self._servers.stop()


class Rclone(Tool):
    name = "rclone"

    def prepare(self) -> None:
        obscured = subprocess.run(
            ["rclone", "obscure", "-"],
            input="benchmark",
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        self._config = self.scratch / "rclone.conf"
        self._config.write_text(
            f"[store]\ntype = s3\nprovider = Other\nendpoint = {self.endpoint}\n"
            f"region = {REGION}\naccess_key_id = {WRITER.key_id}\n"
            f"secret_access_key = {WRITER.secret}\nno_check_bucket = true\n\n"
            f"[sealed]\ntype = crypt\nremote = store:{BUCKET}/{self.place}\n"
            f"password = {obscured}\n"
        )

    def _command(self, *words: str) -> list[str]:
        limit = ["--bwlimit", f"{self.cap_bit_s // 8}B"] if self.cap_bit_s else []
        return ["rclone", "--config", str(self._config), *limit, *words]

    def send(self) -> list[str]:
        return self._command("copy", str(self.files), "sealed:")

    def verify(self) -> list[list[str]]:
        return [self._command("cryptcheck", str(self.files), "sealed:")]


class Restic(Tool):
    name = "restic"

    def prepare(self) -> None:
        (self.scratch / "password").write_text("benchmark\n")
        subprocess.run(
            self._command("init"), env=self.environment(), check=True, stdout=subprocess.DEVNULL
        )

    def _command(self, *words: str) -> list[str]:
        limit = ["--limit-upload", str(self.cap_bit_s // 8 // 1024)] if self.cap_bit_s else []
        return [
            *("restic", "--repo", f"s3:{self.endpoint}/{BUCKET}/{self.place}"),
            *("--password-file", str(self.scratch / "password")),
            *("-o", "s3.bucket-lookup=path", *limit, *words),
        ]

    def send(self) -> list[str]:
        return self._command("backup", str(self.files))

    def verify(self) -> list[list[str]]:
        return [self._command("check")]

    def environment(self) -> dict[str, str]:
        credentials = str(self.credentials)
        return {
            **super().environment(),
            "AWS_SHARED_CREDENTIALS_FILE": credentials,
            "AWS_DEFAULT_REGION": REGION,
        }


TOOLS: tuple[type[Tool], ...] = (Hallvakt, Rclone, Restic)
