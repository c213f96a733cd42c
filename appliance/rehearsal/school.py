"""A school in a directory: its keys, its box and its cloud, all real, all on this machine.

Made through the command line that a school uses. Passphrases are random and live in memory only.
"""

from __future__ import annotations

import asyncio
import secrets
import ssl
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from appliance.core.errors import Unreachable
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.hallvakt_command import hallvakt

LEAD = "lead"
_READY_S = 120.0
_STOP_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Passphrases:
    lead: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    reviewer: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)
    root: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)


class School:
    """`directory/box` is the box's state, `directory/offline` what never stands on a box, and
    `directory/cloud` what the cloud's servers keep; `with_cloud` False is a school without one."""

    def __init__(self, directory: Path, *, with_cloud: bool = True) -> None:
        self.directory = directory
        self.state = directory / "box"
        self.offline = directory / "offline"
        self.with_cloud = with_cloud
        self.cloud = CloudServers(directory / "cloud")
        self.passphrases = Passphrases()
        self.port = free_port()
        self.origin = f"https://127.0.0.1:{self.port}"
        self._serve: asyncio.subprocess.Process | None = None

    @property
    def ca(self) -> Path:
        return self.state / "tls" / "ca.pem"

    @property
    def reviewer_key(self) -> Path:
        return self.offline / "reviewer.key"

    def tls(self) -> ssl.SSLContext:
        """Trusts this box's own authority and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        return context

    async def found(self) -> None:
        """Hold the key ceremonies and make the box and its cloud."""
        self.offline.mkdir(parents=True)
        if self.with_cloud:
            await asyncio.to_thread(self.cloud.start)
        await self._hold_ceremonies()
        await hallvakt(
            "init",
            "--host", "127.0.0.1",
            "--port", str(self.port),
            "--relay-port", str(free_port()),
            "--relay-tls-port", str(free_port()),
            "--lead", LEAD,
            "--no-second-factor",
            state=self.state,
            passphrase=self.passphrases.lead,
        )  # fmt: skip
        await hallvakt(
            "keys", "recipients", "install", str(self.offline / "recipients.json"),
            "--root", str(self.offline / "root.key.pub"),
            state=self.state,
        )  # fmt: skip
        if self.with_cloud:
            self.cloud.configure(self.state)

    async def _hold_ceremonies(self) -> None:
        words, offline = self.passphrases, self.offline
        await hallvakt(
            "keys", "root", "create", "--out", str(offline / "root.key"), passphrase=words.root
        )
        await hallvakt(
            "keys", "reviewer", "create",
            "--label", "Exam board",
            "--out", str(self.reviewer_key),
            passphrase=words.reviewer,
        )  # fmt: skip
        await hallvakt("keys", "recovery", "create", "--out-dir", str(offline / "recovery"))
        publics = [
            str(offline / "reviewer.key.pub"),
            *map(str, (offline / "recovery").glob("*.pub")),
        ]
        await hallvakt(
            "keys", "recipients", "sign",
            "--root", str(offline / "root.key"),
            "--out", str(offline / "recipients.json"),
            *publics,
            passphrase=words.root,
        )  # fmt: skip

    async def open_doors(self, log: Path) -> None:
        """Start `hallvakt serve` and wait until the box answers; its log goes to `log`."""
        with log.open("ab") as file:
            self._serve = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "appliance.cli.main", "serve", "--state", str(self.state),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
            )  # fmt: skip
        assert self._serve.stdout is not None
        with suppress(TimeoutError):
            async with asyncio.timeout(_READY_S):
                async for line in self._serve.stdout:
                    if line.startswith(b"ready"):
                        return
        raise Unreachable(f"The box did not start within {_READY_S:.0f} s: see {log}.")

    async def shut(self) -> None:
        """Stop the box and the cloud's servers."""
        if self._serve is not None and self._serve.returncode is None:
            self._serve.terminate()
            try:
                async with asyncio.timeout(_STOP_S):
                    await self._serve.wait()
            except TimeoutError:
                self._serve.kill()
        if self.with_cloud:
            await asyncio.to_thread(self.cloud.stop)

    async def as_lead(self, *arguments: str) -> object:
        """Run an exam command as the lead invigilator."""
        return await hallvakt(
            *arguments, "--as", LEAD, state=self.state, passphrase=self.passphrases.lead
        )
