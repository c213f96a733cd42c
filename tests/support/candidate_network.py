"""A candidate's computer on a network of its own: a namespace that is made here and goes again.

Between it and this machine lies one cable (veth), on which a test blocks what a school's firewall
blocks, pulls the plug, or gives the computer another address. Needs root.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from appliance.rehearsal.browser import CHROMIUM
from tests.support.network_namespaces import NetworkNamespaces, ip, run


def _network() -> IPv4Network:
    """Several runs at once must not meet: each takes eight addresses by its process id, or the next
    eight to which nothing on this machine leads."""
    rows = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    words = [(_address(row[1]), _address(row[7])) for row in rows]
    routes = [IPv4Network((there, str(mask))) for there, mask in words if int(mask)]
    for number in range(os.getpid(), os.getpid() + _NETWORKS):
        tried = IPv4Network((_FIRST + number % _NETWORKS * 8, 29))
        if not any(tried.overlaps(route) for route in routes):
            return tried
    raise AssertionError("10.64.0.0/12 is taken")


def _address(word: str) -> IPv4Address:
    """As the kernel writes them: the digits of a number of this machine's byte order."""
    return IPv4Address(int(word, 16).to_bytes(4, sys.byteorder))


_FIRST, _NETWORKS = int(IPv4Address("10.64.0.0")), 2**17
_NETWORK = _network()
BOX_ADDRESS = str(_NETWORK[1])
_ADDRESSES = [str(_NETWORK[n]) for n in (2, 3)]
_RULES = """
table inet hv {{ }}
delete table inet hv
table inet hv {{
  chain out {{
    type filter hook output priority 0
    {rules}
  }}
  chain in {{
    type filter hook input priority 0
    {rules}
  }}
}}
"""


class CandidateNetwork(NetworkNamespaces):
    """`with CandidateNetwork() as network:` and open a browser at `network.browser`; the box is
    reached at BOX_ADDRESS."""

    def __init__(self) -> None:
        super().__init__("cand")
        self._near = f"hvb{os.getpid()}"
        self._directory = tempfile.TemporaryDirectory(prefix="hallvakt-network-")
        self.browser = Path(self._directory.name) / "chromium"

    def connect(self) -> None:
        name, near = self.name("cand"), self._near
        self.browser.write_text(f'#!/bin/sh\nexec ip netns exec {name} {CHROMIUM} "$@"\n')
        self.browser.chmod(0o755)
        ip("link", "add", near, "type", "veth", "peer", "name", "hvcand", "netns", name)
        ip("address", "add", f"{BOX_ADDRESS}/29", "dev", near)
        ip("-n", name, "address", "add", f"{_ADDRESSES[0]}/29", "dev", "hvcand")
        for end in ((near,), ("hvcand", name)):
            _up(*end)
        for end in ((near,), ("hvcand", name)):
            _until_up(*end)

    def remove(self) -> None:
        super().remove()
        self._directory.cleanup()

    def _delete(self) -> None:
        # At once, as the next test wants the name; with its namespace it goes when it likes.
        subprocess.run(["ip", "link", "del", self._near], check=False, capture_output=True)
        super()._delete()

    def block(self, rules: str) -> None:
        """Statements of nft(8) for what leaves and what enters, in place of those before."""
        self._inside("nft", "-f", "-", given=_RULES.format(rules=rules))

    def cut(self) -> None:
        """Nothing gets through, and nobody tells: as a switch that lost its power."""
        self.block(f"ip daddr {BOX_ADDRESS} drop; ip saddr {BOX_ADDRESS} drop")

    def mend(self) -> None:
        self.block("")

    def move(self) -> None:
        """Another address, as after changing from one wireless network to another."""
        _ADDRESSES.reverse()
        new, old = _ADDRESSES[0], _ADDRESSES[1]
        self._inside("ip", "address", "add", f"{new}/29", "dev", "hvcand")
        self._inside("ip", "address", "del", f"{old}/29", "dev", "hvcand")
        # Kernels keep the second address only where they are told to.
        self._inside("ip", "address", "replace", f"{new}/29", "dev", "hvcand")

    def _inside(self, *command: str, given: str = "") -> None:
        run(*self.inside("cand"), *command, given=given)


def _up(card: str, namespace: str = "") -> None:
    """Without an address by IPv6: the kernel has one only a second or two later, and a browser that
    is loading its page just then gives up, as the network is another (ERR_NETWORK_CHANGED)."""
    where = ("-n", namespace) if namespace else ()
    ip(*where, "link", "set", card, "addrgenmode", "none")
    ip(*where, "link", "set", card, "up")


def _until_up(card: str, namespace: str = "") -> None:
    """The kernel says `up` within a second of the other end; that too is news to a browser."""
    where = ("-n", namespace) if namespace else ()
    show = ("ip", *where, "-json", "link", "show", card)
    for _ in range(500):
        (state,) = json.loads(subprocess.run(show, check=True, capture_output=True).stdout)
        if state["operstate"] == "UP":
            return
        time.sleep(0.02)
    raise AssertionError(f"{card} is {state['operstate']}")
