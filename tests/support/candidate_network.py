"""A candidate's computer on a network of its own: a namespace that is made here and goes again.

Between it and the box lies one cable (veth), on which a test blocks what a school's firewall
blocks, pulls the plug, or gives the computer another address. The box's end is a namespace too, in
which its TCP ports are passed on. Needs root.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from appliance.rehearsal.browser import CHROMIUM
from tests.support.doors_elsewhere import DoorsElsewhere
from tests.support.network_namespaces import NetworkNamespaces, ip, run

BOX_ADDRESS = "10.77.0.1"
_ADDRESSES = ["10.77.0.20", "10.77.0.21"]
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
    """`with CandidateNetwork(box.doors()) as network:` and open a browser at `network.browser`; the
    box is reached at BOX_ADDRESS, at the ports given and over TCP."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__("box-end", "cand")
        self._ports = ports
        self._directory = tempfile.TemporaryDirectory(prefix="hallvakt-network-")
        self._doors = ExitStack()
        self.browser = Path(self._directory.name) / "chromium"

    def connect(self) -> None:
        near, far = self.name("box-end"), self.name("cand")
        self.browser.write_text(f'#!/bin/sh\nexec ip netns exec {far} {CHROMIUM} "$@"\n')
        self.browser.chmod(0o755)
        ip("-n", near, "link", "add", "hvbox", "type", "veth", "peer", "hvcand", "netns", far)
        ip("-n", near, "address", "add", f"{BOX_ADDRESS}/24", "dev", "hvbox")
        ip("-n", far, "address", "add", f"{_ADDRESSES[0]}/24", "dev", "hvcand")
        for end in (("hvbox", near), ("hvcand", far)):
            _up(*end)
        for end in (("hvbox", near), ("hvcand", far)):
            _until_up(*end)
        self._doors.enter_context(DoorsElsewhere(near, BOX_ADDRESS, self._ports))

    def remove(self) -> None:
        self._doors.close()
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
        self._inside("ip", "address", "add", f"{new}/24", "dev", "hvcand")
        self._inside("ip", "address", "del", f"{old}/24", "dev", "hvcand")
        # Kernels keep the second address only where they are told to.
        self._inside("ip", "address", "replace", f"{new}/24", "dev", "hvcand")

    def _inside(self, *command: str, given: str = "") -> None:
        run(*self.inside("cand"), *command, given=given)


def _up(card: str, namespace: str) -> None:
    """Without an address by IPv6: the kernel has one only a second or two later, and a browser that
    is loading its page just then gives up, as the network is another (ERR_NETWORK_CHANGED)."""
    ip("-n", namespace, "link", "set", card, "addrgenmode", "none")
    ip("-n", namespace, "link", "set", card, "up")


def _until_up(card: str, namespace: str) -> None:
    """The kernel says `up` within a second of the other end; that too is news to a browser."""
    show = ("ip", "-n", namespace, "-json", "link", "show", card)
    for _ in range(500):
        (state,) = json.loads(subprocess.run(show, check=True, capture_output=True).stdout)
        if state["operstate"] == "UP":
            return
        time.sleep(0.02)
    raise AssertionError(f"{card} is {state['operstate']}")
