"""A Debian of the test's own in a directory: what stands on a school's machine before the box."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.machine.networks import BOX
from tests.support.box import ROOT

# What a Debian installed by hand has and `minbase` leaves out, as far as the box meets it.
_PACKAGES = (
    "systemd-sysv", "dbus", "udev", "iproute2", "procps", "login", "passwd", "ca-certificates",
)  # fmt: skip
SOURCE = ("appliance", "tui", "models", "systemd", "firmware_scripts", "pyproject.toml",
         "requirements.lock", "README.md", "CHANGELOG.md")  # fmt: skip


def make(root: Path, suite: str, made_before: Path | None) -> None:
    """`made_before`: what debootstrap made, which is copied."""
    if made_before is not None:
        subprocess.run(["cp", "-a", "--reflink=auto", str(made_before), str(root)], check=True)
    else:
        packages = ",".join(_PACKAGES)
        subprocess.run(
            ["debootstrap", "--variant=minbase", f"--include={packages}", suite, str(root)],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    root.chmod(0o755)  # the box's own users look into it
    for directory in ("etc/systemd/network", "hallvakt"):
        (root / directory).mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["chroot", str(root), "systemctl", "enable", "systemd-networkd"],
        check=True,
        capture_output=True,
    )


def put_source(root: Path, tree: Path = ROOT) -> None:
    """The installer and all it installs when it has no bundle, in /hallvakt."""
    for name in SOURCE:
        source, target = tree / name, root / "hallvakt" / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def configure_cards(root: Path) -> None:
    """The project's own examples, on the cards that the machine has. Nobody on the uplink gives out
    addresses: a box that waits for one would show here."""
    for example in ("10-candidates.network", "20-uplink.network"):
        text = (ROOT / "systemd" / "network" / example).read_text()
        text = text.replace("Name=eth0", "Name=lan0").replace("Name=eth1", "Name=up0")
        assert example != "10-candidates.network" or f"Address={BOX}/24" in text
        (root / "etc/systemd/network" / example).write_text(text)
