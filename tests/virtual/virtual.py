"""A machine made by QEMU: Debian's own kernel on hardware that is all software.

    machine = Virtual(Disk(image), kernel, cables, tpm=Tpm(directory))
    machine.boot()
    machine.run("systemctl", "start", "hallvakt.target")
    machine.types("ingrid\\n")
    machine.cut_the_power()
    machine.boot()

One core, emulated (TCG) and not virtualised, so that it is the same everywhere: some ten times
slower than this machine. Firmware is UEFI (OVMF), as a machine with a TPM has.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.machine.commands import Commands
from tests.virtual.agent import Agent
from tests.virtual.cables import Card
from tests.virtual.disk import DIES_WITH_US, Disk
from tests.virtual.screen import Screen, keys_for
from tests.virtual.talk import Refused, Talk
from tests.virtual.tpm import Tpm

_FIRMWARE = Path("/usr/share/OVMF")
_WITHIN_S = 1200.0  # on a machine that does other things too
# An emulated processor is slow, and has better things to do than what these would start.
_NOT_STARTED = (
    "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "e2scrub_all.timer",
    "e2scrub_reap.service", "hallvakt-syncer.timer", "hallvakt-janitor.timer",
    "hallvakt-drill.timer", "hallvakt-certificate.timer",
)  # fmt: skip
_KERNEL = (
    "root=/dev/vda", "ro", "console=tty0", "console=ttyS0", "quiet", "panic=1",
    # A busy machine gives the emulated timer no time, and Linux would stop for it.
    "no_timer_check", "mitigations=off", "modprobe.blacklist=cfg80211,kvm,snd_pcsp,iTCO_wdt",
    "systemd.show_status=false",
    *(f"systemd.mask={unit}" for unit in _NOT_STARTED),
)  # fmt: skip
MEMORY_MIB = 4096
CORES = 1  # two that wait for each other stand still together on a busy machine


@dataclass(frozen=True, slots=True)
class Kernel:
    image: Path
    initial: Path  # what it finds its disk with


class Virtual(Commands):
    within_s = _WITHIN_S

    def __init__(
        self,
        disk: Disk,
        kernel: Kernel,
        cards: Callable[[], Sequence[Card]] = list,
        *,
        tpm: Tpm | None = None,
    ) -> None:
        """`cards` is asked at each start."""
        self.disk = disk
        self.tpm = tpm
        self._kernel = kernel
        self._cards = cards
        # Names of sockets are short (sun_path, 108 bytes).
        self._work = Path(tempfile.mkdtemp(prefix="hallvakt-virtual-"))
        self._log = self._work / "console.log"
        self._qemu: subprocess.Popen[bytes] | None = None
        self._monitor: Talk | None = None
        self._agent: Agent | None = None

    def boot(self) -> None:
        """Until systemd has started what it is to start."""
        assert self._qemu is None
        cards = list(self._cards())
        self.disk.power_on()
        words = self._words()
        if self.tpm is not None:
            self.tpm.power_on()
            words += self.tpm.words()
        for card in cards:
            words += card.words()
        descriptors = [number for card in cards for number in card.descriptors]
        with self._log.open("ab") as log:
            self._qemu = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=descriptors,
                start_new_session=True,
            )
        for number in descriptors:
            os.close(number)
        self._monitor = Talk(self._work / "monitor", within_s=_WITHIN_S)
        self._monitor.ask("qmp_capabilities")
        self._until_started()

    def attempt(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        assert self._agent is not None
        return self._agent.run(words, given)

    def seen(self, path: str) -> Path:
        """A copy. Its file system stands still meanwhile, so that files belong together."""
        assert self._agent is not None
        pack = 'trap "fsfreeze --unfreeze /" EXIT; fsfreeze --freeze / && '
        pack += f"tar --create --file=/run/seen.tar --directory=/ {path.removeprefix('/')}"
        self.run("sh", "-c", pack)
        here = Path(tempfile.mkdtemp(dir=self._work, prefix="seen-"))
        with subprocess.Popen(
            ["tar", "--extract", f"--directory={here}"], stdin=subprocess.PIPE
        ) as tar:
            assert tar.stdin is not None
            for part in self._agent.read("/run/seen.tar"):
                tar.stdin.write(part)
        assert tar.returncode == 0
        return here / path.removeprefix("/")

    def put(self, path: str, text: str, *, owner: str = "root:", mode: str = "644") -> None:
        """A file with that text."""
        self.run("tee", path, given=text)
        self.run("sh", "-c", 'chown "$1" "$3" && chmod "$2" "$3"', "-", owner, mode, path)

    def reboot(self) -> None:
        """As a person does it: the units are stopped, then all starts again."""
        before = self.says("cat", "/proc/sys/kernel/random/boot_id")
        with suppress(OSError, Refused):  # as in `off`; its next start knows of no such command
            self.attempt("systemctl", "--no-block", "reboot")
        self._until_started(not_in=before)

    def cut_the_power(self) -> None:
        """The disk's cache, then the machine with all its memory, gone at once. (Between the two it
        can put nothing on the disk, and so acknowledge nothing either.)"""
        self.disk.power_cut()
        self._kill()

    def off(self) -> None:
        """Shut down as a person does it."""
        if self._qemu is None:
            return
        with suppress(OSError):  # it may be off before it has answered
            self.attempt("systemctl", "--no-block", "poweroff")
        try:
            self._qemu.wait(_WITHIN_S)
        finally:
            self._kill()
            self.disk.power_off()

    def discard(self) -> None:
        """Whatever state it is in."""
        self.cut_the_power()
        shutil.rmtree(self._work)

    # --- what a person in front of it does ---

    @property
    def screen(self) -> Screen:
        return Screen(self.says, self.picture)

    def picture(self, file: Path) -> None:
        """What the display shows, as PNG."""
        assert self._monitor is not None
        self._monitor.ask("screendump", filename=str(file), format="png")

    def types(self, text: str) -> None:
        """On its keyboard, key by key."""
        assert self._monitor is not None
        for keys in keys_for(text):
            self.press(*keys)

    def press(self, *keys: str) -> None:
        """Keys held together, by QEMU's names: `machine.press("ctrl", "p")`."""
        assert self._monitor is not None
        held = [{"type": "qcode", "data": key} for key in keys]
        self._monitor.ask("send-key", keys=held)
        time.sleep(0.15)  # a key is held for 0.1 s

    def cable(self, card: str, *, plugged: bool) -> None:
        assert self._monitor is not None
        self._monitor.ask("set_link", name=card, up=plugged)

    # --- within ---

    def _words(self) -> list[str]:
        settings = self._work / "settings.fd"
        if not settings.exists():
            shutil.copy(_FIRMWARE / "OVMF_VARS.fd", settings)
        flash = "if=pflash,format=raw"
        served = f"server.path={self.disk.socket}"
        return [
            *DIES_WITH_US,
            *("qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max"),
            *("-machine", "q35", "-smp", str(CORES), "-m", str(MEMORY_MIB)),
            *("-nodefaults", "-display", "none", "-vga", "std"),
            *("-drive", f"{flash},readonly=on,file={_FIRMWARE}/OVMF_CODE.fd"),
            *("-drive", f"{flash},file={settings}"),
            *("-kernel", str(self._kernel.image), "-initrd", str(self._kernel.initial)),
            *("-append", " ".join(_KERNEL)),
            *("-blockdev", f"driver=nbd,node-name=disk,server.type=unix,{served}"),
            *("-device", "virtio-blk-pci,drive=disk"),
            *("-device", "virtio-rng-pci"),
            *("-serial", "stdio"),
            *("-qmp", f"unix:{self._work}/monitor,server=on,wait=off"),
            *("-chardev", f"socket,id=agent,path={self._work}/agent,server=on,wait=off"),
            *("-device", "virtio-serial-pci"),
            *("-device", "virtserialport,chardev=agent,name=org.qemu.guest_agent.0"),
        ]

    def _until_started(self, not_in: str = "") -> None:
        """`not_in`: the boot that is to end first."""
        deadline = time.monotonic() + _WITHIN_S
        state = ""
        while time.monotonic() < deadline:
            assert self._qemu is not None
            assert self._qemu.poll() is None, self.log()
            try:
                if self._agent is None:
                    self._agent = Agent(self._work / "agent", within_s=60)
                if self.says("cat", "/proc/sys/kernel/random/boot_id") != not_in:
                    state = self.attempt("systemctl", "is-system-running").stdout.strip()
                    if state in {"running", "degraded"}:
                        return
            except (OSError, Refused):  # TimeoutError too: nobody is there yet, or no longer
                if self._agent is not None:
                    self._agent.close()
                self._agent = None
            time.sleep(0.3)
        raise AssertionError(f"systemd did not come up ({state}): {self.log()}")

    def log(self) -> str:
        """The last that kernel, systemd and QEMU said."""
        return self._log.read_text(errors="replace")[-4000:]

    def _kill(self) -> None:
        if self._qemu is not None:
            self._qemu.kill()
            self._qemu.wait(_WITHIN_S)
            self._qemu = None
        for talk in (self._agent, self._monitor):
            if talk is not None:
                talk.close()
        self._agent = self._monitor = None
        if self.tpm is not None:
            self.tpm.power_off()
