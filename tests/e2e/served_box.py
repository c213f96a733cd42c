"""A box made and served through the command line, as a school does it; no cloud."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.relay.configuration import slot
from appliance.config.box import load
from appliance.processes.foundation import relay_plan
from appliance.rehearsal.free_ports import free_port
from appliance.rehearsal.hallvakt_command import hallvakt

LEAD = "lead"
READY_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedBox:
    state: Path
    host: str = "127.0.0.1"  # where it is asked
    port: int = field(default_factory=free_port)
    passphrase: str = field(default_factory=lambda: secrets.token_urlsafe(12), repr=False)

    @property
    def origin(self) -> str:
        return f"https://{self.host}:{self.port}"

    @property
    def authority(self) -> Path:
        return self.state / "tls" / "ca.pem"

    def doors(self) -> list[int]:
        """Every TCP port that a page may be told: its own, and the relay's of each exam at once."""
        plan = relay_plan(self.state, load(self.state))
        shares = [slot(plan, number) for number in range(plan.exams_at_once)]
        return [self.port, *(port for s in shares for port in (s.port, s.tls_port) if port)]

    def tls(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.authority)
        return context


async def make(directory: Path, network: str | None = None) -> ServedBox:
    """Key ceremonies and `hallvakt init`. Somebody must be able to open an exam's objects, so
    an exam does not open on a box without a list of recipients. With `network`, an address that
    need not exist yet, the box can be reached there too."""
    box = ServedBox(state=directory / "box")
    offline = directory / "offline"
    offline.mkdir()
    root, reviewer = offline / "root.key", offline / "reviewer.key"
    recipients = offline / "recipients.json"
    words = secrets.token_urlsafe(12)
    await hallvakt("keys", "root", "create", "--out", str(root), passphrase=words)
    await hallvakt(
        "keys", "reviewer", "create", "--label", "Board", "--out", str(reviewer), passphrase=words
    )
    await hallvakt("keys", "recovery", "create", "--out-dir", str(offline / "recovery"))
    publics = [f"{reviewer}.pub", *map(str, (offline / "recovery").glob("*.pub"))]
    await hallvakt(
        *("keys", "recipients", "sign", "--root", str(root), "--out", str(recipients), *publics),
        passphrase=words,
    )
    await hallvakt(
        *("init", "--port", str(box.port), "--lead", LEAD),
        *("--host", "127.0.0.1" if network is None else "0.0.0.0"),
        *("--certificate-name", "127.0.0.1"),
        *(("--certificate-name", network) if network else ()),
        *("--relay-port", str(free_port()), "--relay-tls-port", str(free_port())),
        "--no-second-factor",
        state=box.state,
        passphrase=box.passphrase,
    )
    await hallvakt(
        "keys", "recipients", "install", str(recipients), "--root", f"{root}.pub", state=box.state
    )
    return box


@contextlib.contextmanager
def served(
    directory: Path,
    *,
    before: Callable[[Path], None] | None = None,
    network: str | None = None,
) -> Iterator[ServedBox]:
    """Make a box below `directory` and serve it until the block ends. `before` is given its state
    directory before it is started."""
    box = asyncio.run(make(directory, network))
    if before is not None:
        before(box.state)
    log = directory / "serve.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance.cli.main", "serve", "--state", str(box.state)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=file,
        )
    try:
        _wait_until_ready(process, log)
        yield box
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.stdout is not None
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        line = process.stdout.readline()
        if line.startswith(b"ready"):
            return
        if not line:
            break
    raise AssertionError(f"the box did not start:\n{log.read_text()}")
