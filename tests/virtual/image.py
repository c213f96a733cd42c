"""The image of a machine's disk: a Debian with a kernel and a box that is fit for an exam.

Debian and box are made in a container (tests/machine), at this machine's own speed; of the
emulated machine is asked what a container cannot show.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.machine import debian
from tests.machine.booted import Machine
from tests.machine.bundles import Bundles
from tests.machine.hall import PASSPHRASE
from tests.machine.networks import Networks
from tests.machine.test_a_box_under_systemd import ANSWERS, BUNDLE, INSTALLER
from tests.virtual.cables import CARDS
from tests.virtual.virtual import Kernel

# What a Debian on hardware has that one in a container has not; the agent is the tests' own.
_PACKAGES = (
    "linux-image-amd64", "initramfs-tools", "zstd", "console-setup", "kbd", "qemu-guest-agent",
)  # fmt: skip
_SIZE = "8G"
_SWEDISH = "sed -i s/^XKBLAYOUT=.*/XKBLAYOUT=se/ /etc/default/keyboard && setupcon --save-only"
_ROOT = """
mount -t proc proc "$0/proc"
exec chroot "$0" env -i DEBIAN_FRONTEND=noninteractive HOME=/root LANG=C.UTF-8 \\
  PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
"""
_REHEARSAL = "candidates = 4\nminutes = 1"


def make(root: Path, image: Path, suite: str, made_before: Path | None, bundles: Bundles) -> Kernel:
    """`root`: the directory it is made in, which stays. `made_before`: what debootstrap made, or
    that with the kernel."""
    debian.make(root, suite, made_before)
    if not list((root / "boot").glob("initrd.img-*")):
        put_kernel(root)
    debian.put_source(root)
    debian.configure_cards(root)
    for name, file in (("box.bundle", bundles.first), ("release.pub", bundles.public)):
        shutil.copy(file, root / "hallvakt" / name)
    networks = Networks()
    try:
        networks.make()
        machine = Machine(root, networks)
        try:
            machine.boot()
            machine.run("bash", INSTALLER, *BUNDLE)
            setting = "net.ipv4.ip_unprivileged_port_start=80"  # of the container: from outside
            inside = ("ip", "netns", "exec", networks.box)
            subprocess.run([*inside, "sysctl", "-qw", setting], check=True)
            make_box(machine)
            machine.run("sh", "-c", _SWEDISH)
        finally:
            machine.off()
    finally:
        networks.remove()
    for name, address in CARDS.items():  # permanent: a VLAN on it has the same address otherwise
        text = f"[Match]\nPermanentMACAddress={address}\n[Link]\nName={name}\n"
        (root / f"etc/systemd/network/05-{name}.link").write_text(text)
    manager = root / "etc/systemd/system.conf.d"
    manager.mkdir(parents=True, exist_ok=True)
    (manager / "slow.conf").write_text("[Manager]\nDefaultTimeoutStartSec=20min\n")
    (root / "etc/fstab").write_text("/dev/vda / ext4 errors=remount-ro 0 1\n")
    (root / "etc/hostname").write_text("exambox\n")
    words = ("mke2fs", "-q", "-F", "-t", "ext4", "-d", str(root), str(image), _SIZE)
    subprocess.run(words, check=True)
    (kernel,) = (root / "boot").glob("vmlinuz-*")
    (initial,) = (root / "boot").glob("initrd.img-*")
    return Kernel(kernel, initial)


def make_box(machine: Machine) -> None:
    """As a technician does, without a rehearsal: one of this machine says nothing of that one."""
    assert _REHEARSAL in ANSWERS
    setup = machine.root / "srv" / "setup"
    setup.mkdir()
    (setup / "answers.toml").write_text(ANSWERS.replace(_REHEARSAL, 'skip = "an emulated machine"'))
    (setup / "passphrase.txt").write_text(f"{PASSPHRASE}\n")
    (setup / "passphrase.txt").chmod(0o600)
    machine.run("chown", "-R", "hallvakt:", "/srv/setup")
    first_boot = ("runuser", "-u", "hallvakt", "--", "hallvakt", "first-boot", "--answers",
                  "/srv/setup/answers.toml", "--progress", "/var/tmp/first-boot.json")  # fmt: skip
    machine.run(*first_boot)


def put_kernel(root: Path) -> None:
    """From where debootstrap took the rest; the network is this machine's meanwhile."""
    resolver = root / "etc/resolv.conf"
    resolver.write_bytes(Path("/etc/resolv.conf").read_bytes())
    install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends "
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", _ROOT, str(root),
         "sh", "-ec", install + " ".join(_PACKAGES)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    resolver.unlink()
