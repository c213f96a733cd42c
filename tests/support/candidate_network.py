"""A candidate's computer on a network of its own: a namespace that is made here and goes again.

Between it and this machine lies one cable (veth), on which a test blocks what a school's firewall
blocks, pulls the plug, or gives the computer another address. Needs root.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from appliance.rehearsal.browser import CHROMIUM
from tests.support.network_namespaces import NetworkNamespaces, ip, run

# Several runs at once must not meet: each takes a network of eight addresses by its process id.
_NUMBER = os.getpid() % 16_000
_NETWORK = f"10.{64 + _NUMBER // 8000}.{_NUMBER // 32 % 250}.{_NUMBER % 32 * 8}"
_HOST = int(_NETWORK.rsplit(".", 1)[1])
BOX_ADDRESS = f"{_NETWORK.rsplit('.', 1)[0]}.{_HOST + 1}"
_ADDRESSES = [f"{_NETWORK.rsplit('.', 1)[0]}.{_HOST + n}" for n in (2, 3)]
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
        # At once, as the next test wants the name; with its namespace it goes when it likes.
        subprocess.run(["ip", "link", "del", self._near], check=False, capture_output=True)
        super().remove()
        self._directory.cleanup()

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
