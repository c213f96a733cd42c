"""A real box in a temporary directory: made by `hallvakt init`, served by the real gateway
process over TLS on a loopback port, with real media workers and coturn where a test wants them.

    async with running_box(tmp_path, workers=1) as box:
        lead = await box.login()
        exam = await box.new_exam(lead, SETTINGS)
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.recipients import install_recipients, sign_recipients
from appliance.adapters.host.tls import TlsFiles
from appliance.adapters.vision.weights import default_directory
from appliance.cli.main import run
from appliance.processes.supervisor import WORKERS_GIVE_WAY
from appliance.rehearsal.free_ports import free_port
from tests.support.box_api import BoxApi, Prepared, Validate
from tests.support.starting import go

ROOT = Path(__file__).parents[2]
LEAD, PASSPHRASE = "lena", "korrekt häst batteri häftklammer"
START_S = STOP_S = 90.0
_UNITS = {
    "appliance.processes.gateway": "hallvakt-gateway.service",
    "appliance.processes.media_worker": "hallvakt-media-worker@.service",
}

SETTINGS = """
[exam]
title = "Matematik 3c"
language = "sv"
duration_minutes = 60

[retention]
days = 30

[features]
video_snippets = true
"""

ROSTER = """name,number,seat,hall,extra_minutes
Canary Testperson,1001,A1,Aula,0
Zebra Testperson,1002,A2,Aula,15
Quokka Testperson,1003,B1,Annex,0
"""


def clean_environment() -> dict[str, str]:
    """What a process of the box needs and nothing of ours."""
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "LANG", "HALLVAKT_MODELS"}}
    return kept | {"HOME": "/nonexistent", "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


@dataclass(slots=True)
class RealBox:
    """`school` holds the private keys a school would keep elsewhere: root, reviewer, recovery,
    data_protection_officer. `units`: run the processes under the rules of their systemd units.
    `environment` is added to the gateway's. `relay_socket`: who starts relays as units.
    `doors_below`: where the gateway opens doors for other users.
    `gateway_under` is put before the gateway's command; its wall clock is off by what `wall_clock`
    says (tests/support/shifted.py)."""

    state: Path
    port: int
    workers: int = 0
    models: Path = field(default_factory=default_directory)
    validate: Validate | None = None
    school: dict[str, PrivateKey] = field(default_factory=dict)
    units: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    relay_socket: Path | None = None
    doors_below: Path | None = None
    gateway_under: tuple[str, ...] = ()
    wall_clock: Path | None = None
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _apis: list[BoxApi] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> Path:
        return TlsFiles.below(self.state / "tls").authority

    @property
    def socket(self) -> Path:
        return self.state / "run" / "gateway.sock"

    @property
    def log_file(self) -> Path:
        return self.state / "log" / "gateway.log"

    @property
    def gateway(self) -> subprocess.Popen[bytes]:
        return self._processes[0]

    def tls(self) -> ssl.SSLContext:
        """Trusts this box's own authority and nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.authority)
        return context

    # --- its life -------------------------------------------------------------------------------

    def make(self, *, recipients: bool = True) -> None:
        """`hallvakt init`, and the school's signed list of recipients. Slow: call in a thread."""
        reading, writing = os.pipe()
        os.write(writing, f"{PASSPHRASE}\n".encode())
        os.close(writing)
        words = [
            *("init", "--lead", LEAD),
            *("--state", str(self.state), "--host", "127.0.0.1", "--port", str(self.port)),
            *("--relay-port", str(free_port()), "--relay-tls-port", str(free_port())),
            *("--no-second-factor", "--passphrase-fd", str(reading)),
        ]
        # In this process: starting another costs more than making the box.
        said = io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said):
                code = run(words)
        finally:
            os.close(reading)
        assert code == 0, said.getvalue()
        if recipients:
            self.install_recipients(("reviewer", "recovery", "data_protection_officer"))

    def install_recipients(self, kinds: Sequence[str], version: int = 1) -> None:
        for kind in ("root", *kinds):
            self.school.setdefault(kind, PrivateKey.generate(kind, f"Test {kind}"))
        root = self.school["root"]
        listed = sign_recipients(
            root.for_signing(), version, [self.school[kind].public() for kind in kinds]
        )
        install_recipients(self.state / "keys", listed, root=root.public())

    async def start(self) -> None:
        """The gateway and the media workers; returns when the box answers."""
        self.log_file.parent.mkdir(exist_ok=True)
        before = len(self.log())
        commands = [["-m", "appliance.processes.gateway", "--state", str(self.state)]]
        if self.relay_socket:
            commands[0] += ["--relay-socket", str(self.relay_socket)]
        if self.doors_below:
            commands[0] += ["--doors-below", str(self.doors_below)]
        commands += [self._worker(number) for number in range(self.workers)]
        self._processes = [await asyncio.to_thread(self._spawn, c) for c in commands]
        async with asyncio.timeout(START_S):
            while not await self._answers():
                if self.gateway.poll() is not None:
                    raise RuntimeError(f"the gateway ended: {self.log()[-2000:]}")
                await asyncio.sleep(0.05)
            while self.log()[before:].count("media worker connected") < self.workers:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # what another process does gives no event

    def _worker(self, number: int) -> list[str]:
        sock = self.state / "run" / f"media-worker-{number}.sock"
        worker = ["-m", "appliance.processes.media_worker", "--socket", str(sock)]
        return [*worker, "--models", str(self.models)]

    @property
    def worker_processes(self) -> list[subprocess.Popen[bytes]]:
        return self._processes[1:]

    def start_worker_again(self, number: int) -> None:
        """After it has ended; does not wait until it is connected."""
        self._processes[1 + number] = self._spawn(self._worker(number))

    def gateway_command(self) -> list[str]:
        module = ["-m", "appliance.processes.gateway"]
        return [sys.executable, *module, "--state", str(self.state)]

    async def stop(self, number: int = signal.SIGTERM) -> None:
        """End all processes; `SIGKILL` is what a power cut looks like to the gateway."""
        await self.close_apis()
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(number)
        for process in self._processes:
            await asyncio.to_thread(process.wait, STOP_S)
        self._processes.clear()

    async def restart(self, number: int = signal.SIGTERM) -> None:
        await self.stop(number)
        await self.start()

    def log(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def _spawn(self, arguments: list[str]) -> subprocess.Popen[bytes]:
        command = [sys.executable, *arguments]
        if arguments[1] == "appliance.processes.media_worker":
            command = ["nice", "-n", str(WORKERS_GIVE_WAY), *command]  # as the supervisor does
        if self.units:
            unit = ROOT / "systemd" / _UNITS[arguments[1]]
            command = [sys.executable, "-m", "tests.support.unit_sandbox", str(unit), *command]
        if arguments[1] == "appliance.processes.gateway":
            if self.wall_clock is not None:
                shifted = ["-m", "tests.support.shifted", str(self.wall_clock), *arguments[1:]]
                command = [sys.executable, *shifted]
            command = [*self.gateway_under, *command]
        environment = clean_environment() | self.environment
        with self.log_file.open("ab") as log:
            return subprocess.Popen(command, cwd=ROOT, env=environment, stderr=log)

    async def _answers(self) -> bool:
        api = BoxApi(self.origin, self.tls())
        try:
            return (await api.ask("GET", "/health")).status == 200
        except OSError:
            return False
        finally:
            await api.close()

    async def close_apis(self) -> None:
        for api in self._apis:
            await api.close()
        if self._apis:
            await asyncio.sleep(0.05)  # TLS transports close a few loop rounds later
        self._apis.clear()

    # --- speaking to it -------------------------------------------------------------------------

    def api(self, token: str | None = None) -> BoxApi:
        """A client over TLS; closed with the box."""
        api = BoxApi(self.origin, self.tls(), token=token, validate=self.validate)
        self._apis.append(api)
        return api

    def local_api(self, token: str | None = None) -> BoxApi:
        """A client over the Unix socket."""
        api = BoxApi("http://box", None, token=token, unix=self.socket)
        self._apis.append(api)
        return api

    async def login(self, user: str = LEAD, passphrase: str = PASSPHRASE) -> BoxApi:
        api = self.api()
        reply = await api.ok("POST", "/api/v1/login", json={"user": user, "passphrase": passphrase})
        api.token = reply["token"]
        return api

    async def new_exam(
        self,
        lead: BoxApi,
        settings: str = SETTINGS,
        roster: str = ROSTER,
        *,
        to: str = "live",
        override: str = "",
    ) -> Prepared:
        """Create, import, slips, and on to state `to`; `override` is why the gate is passed."""
        made = await lead.ok("POST", "/api/v1/exams", json={"settings_toml": settings})
        exam, code = made["exam_id"], made["code"]
        await lead.ok(
            "PUT",
            f"/api/v1/exams/{exam}/roster",
            data=roster.encode(),
            headers={"Content-Type": "text/csv; charset=utf-8"},
        )
        slips = (await lead.ok("GET", f"/api/v1/exams/{exam}/slips"))["slips"]
        for state in ("ready", "open", "live"):
            if to == "draft":
                break
            await go(lead, exam, state, override)
            if state == to:
                break
        return Prepared(exam=exam, code=code, seats={s["seat"]: s["seat_code"] for s in slips})


@asynccontextmanager
async def running_box(
    directory: Path, *, workers: int = 0, validate: Validate | None = None
) -> AsyncIterator[RealBox]:
    """`directory` should be short: a Unix socket's path has at most 107 bytes."""
    box = RealBox(directory / "box", free_port(), workers=workers, validate=validate)
    await asyncio.to_thread(box.make)
    use_workers(box.state, workers)
    try:
        await box.start()
        yield box
    finally:
        await box.stop()


def use_workers(state: Path, workers: int) -> None:
    """Say in box.toml how many there are."""
    path = state / "box.toml"
    path.write_text(re.sub(r"(?m)^count = \d+$", f"count = {max(workers, 1)}", path.read_text()))


def use_hall_microphone(state: Path, device: str, hall: str) -> None:
    """Write both into box.toml, which has the table already."""
    path = state / "box.toml"
    table = f'[hall_microphone]\ndevice = "{device}"\nhall = "{hall}"\n'
    rest = re.sub(r"(?m)^\[hall_microphone\]\n(?:[a-z]+ = .*\n)*", "", path.read_text())
    path.write_text(f"{rest}\n{table}")
