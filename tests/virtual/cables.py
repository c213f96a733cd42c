"""Cables to cards of a virtual machine: the same two networks as a booted Debian has, and their
ends at the machine are tap devices, which QEMU holds by their descriptors."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import threading
from dataclasses import dataclass

from tests.machine.lan import enter
from tests.machine.networks import BEYOND, CANDIDATE, Networks

_TUNSETIFF, _TAP, _NO_HEADER = 0x400454CA, 0x0002, 0x1000  # linux/if_tun.h
CARDS = {"lan0": "52:54:00:20:00:05", "up0": "52:54:00:20:00:06"}  # what the box calls them


@dataclass(frozen=True, slots=True)
class Card:
    """`backend`: QEMU's -netdev without its id. `descriptors` are handed to it and closed here."""

    name: str
    address: str
    backend: str
    descriptors: tuple[int, ...] = ()

    def words(self) -> list[str]:
        device = f"virtio-net-pci,netdev={self.name},mac={self.address},romfile="
        return ["-netdev", f"{self.backend},id={self.name}", "-device", device]


class Cables(Networks):
    def make(self) -> None:
        for network, address in ((self.lan, CANDIDATE), (self.up, BEYOND)):
            for words in (
                ("netns", "add", network),
                ("-n", network, "link", "set", "lo", "up"),
                ("-n", network, "tuntap", "add", "cable", "mode", "tap"),
                ("-n", network, "address", "add", f"{address}/24", "dev", "cable"),
                ("-n", network, "link", "set", "cable", "up"),
            ):
                subprocess.run(["ip", *words], check=True, capture_output=True)

    def cards(self) -> list[Card]:
        """Plugged in; for one start of one machine."""
        made = []
        for (name, address), network in zip(CARDS.items(), (self.lan, self.up), strict=True):
            descriptor = tap(network)
            made.append(Card(name, address, f"tap,fd={descriptor}", (descriptor,)))
        return made


def wire(name: str, address: str, path: str, *, listens: bool) -> Card:
    """One end of a cable between two machines, over a socket of the file system: frames pass as
    they are, tags of VLANs too. Who listens is started first."""
    server = "on" if listens else "off"
    return Card(name, address, f"stream,server={server},addr.type=unix,addr.path={path}")


def tap(network: str, device: str = "cable") -> int:
    """A descriptor of that namespace's tap device."""
    opened: list[int] = []

    def open_it() -> None:
        enter(network)
        descriptor = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
        request = struct.pack("16sH22x", device.encode(), _TAP | _NO_HEADER)
        fcntl.ioctl(descriptor, _TUNSETIFF, request)
        opened.append(descriptor)

    thread = threading.Thread(target=open_it)  # setns(2) counts for one thread
    thread.start()
    thread.join()
    return opened[0]
