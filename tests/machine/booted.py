"""That Debian, running: systemd is its first process, nobody else's network is in it.

    machine = Machine(root, networks)
    machine.boot()
    machine.run("systemctl", "start", "hallvakt.target")
    machine.reboot()
    machine.off()

systemd-nspawn stands in for hardware: kernel and clock are this machine's, the rest is its own. A
pseudo-terminal is its text console (tty1); it has no TPM. Limits on memory and CPU that its systemd
gives hold only where this machine's control groups are unified.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from tests.machine.commands import ENVIRONMENT, WITHIN_S, Commands
from tests.machine.networks import Networks
from tests.machine.screen import Screen

# Landlock by name: systemd 252 knows no set of them.
_SYSTEM_CALLS = "landlock_create_ruleset landlock_add_rule landlock_restrict_self @keyring @clock"


class Machine(Commands):
    def __init__(self, root: Path, networks: Networks) -> None:
        self.root = root
        self.networks = networks
        self.screen = Screen()
        self._nspawn: subprocess.Popen[bytes] | None = None
        self._log = root.with_name(f"{root.name}.console.log")

    def boot(self) -> None:
        """Until systemd has started what it is to start."""
        with self._log.open("ab") as log:
            self._nspawn = subprocess.Popen(
                [
                    *("systemd-nspawn", "--boot", f"--directory={self.root}"),
                    *("--register=no", "--keep-unit", f"--machine={self.networks.name}"),
                    f"--network-namespace-path=/run/netns/{self.networks.box}",
                    # What real hardware would let it do.
                    "--capability=CAP_NET_ADMIN,CAP_SYS_TIME",
                    f"--system-call-filter={_SYSTEM_CALLS}",
                    f"--bind={self.screen.path}:/dev/tty1",
                    *("--resolv-conf=off", "--timezone=off", "--console=read-only"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
                start_new_session=True,
            )
        self._until_started()
        # /sys of a machine in systemd-nspawn shows our cards; what a process of its network mounts
        # shows its own.
        see = "mount -t sysfs cards /mnt && for d in class/net devices/virtual/net; do "
        see += "mount --bind /mnt/$d /sys/$d; done"
        self.run("sh", "-c", see)

    def attempt(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self.words(), *words],
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,
            capture_output=True,
            text=True,
            errors="replace",
        )

    def seen(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    def reboot(self) -> None:
        """As a person does it: the units are stopped, then all starts again."""
        assert self._nspawn is not None
        self.attempt("systemctl", "reboot")
        self._nspawn.wait(WITHIN_S)  # with --keep-unit, who started it starts it again
        self.boot()

    def cut_the_power(self) -> None:
        """Every process is gone at once; what was written stays in this kernel's hands."""
        assert self._nspawn is not None
        os.kill(self._first_process(), signal.SIGKILL)
        self._nspawn.wait(WITHIN_S)
        self._nspawn = None

    def off(self) -> None:
        if self._nspawn is None:
            return
        self._nspawn.terminate()  # nspawn asks systemd to power off
        try:
            self._nspawn.wait(WITHIN_S)
        except subprocess.TimeoutExpired:
            self._nspawn.kill()
            self._nspawn.wait()
        self._nspawn = None

    def outside(self, unit: str) -> list[int]:
        """The processes of a unit by our numbers: its first one, and those that it made."""
        inside = self.shown(unit, "MainPID")
        space = os.stat(f"/proc/{self._first_process()}/ns/pid").st_ino
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if os.stat(entry / "ns/pid").st_ino != space:
                    continue
                numbers = re.findall(r"(?m)^NSpid:(.*)$", (entry / "status").read_text())
                if numbers[0].split()[-1] == inside:
                    made = (entry / "task" / entry.name / "children").read_text().split()
                    return [int(entry.name), *map(int, made)]
            except OSError:
                continue  # it has just ended
        raise LookupError(f"{unit} does not run")

    def words(self) -> list[str]:
        """Before a command that is to run inside."""
        first = str(self._first_process())
        return ["nsenter", "--all", f"--target={first}", "env", "-i", *ENVIRONMENT]

    def _first_process(self) -> int:
        """systemd of the machine, by our number; raises LookupError while there is none."""
        assert self._nspawn is not None
        assert self._nspawn.poll() is None, self._log.read_text(errors="replace")[-2000:]
        children = Path(f"/proc/{self._nspawn.pid}/task/{self._nspawn.pid}/children").read_text()
        if not children.split():
            raise LookupError("it has not begun")
        return int(children.split()[-1])

    def _until_started(self) -> None:
        deadline = time.monotonic() + WITHIN_S
        state = ""
        while time.monotonic() < deadline:
            try:
                state = self.attempt("systemctl", "is-system-running").stdout.strip()
                if state in {"running", "degraded"}:
                    return
            except LookupError:
                pass
            time.sleep(0.3)
        raise AssertionError(f"systemd did not come up ({state}): {self._log.read_text()[-2000:]}")
