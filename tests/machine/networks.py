"""What the machine is plugged into: a LAN of candidates and, on a card of its own, a way out.

Three networks of our own: `box` holds the machine's cards lan0 and up0, `lan` and `up` the other
ends of their cables. Nothing leads from them to anywhere else. The cables outlive a
reboot, as cables do.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

BOX, CANDIDATE = "10.20.0.5", "10.20.0.20"
UPLINK, BEYOND = "198.51.100.5", "198.51.100.1"


class Networks:
    def __init__(self) -> None:
        self.name = f"hallvakt-machine-{os.getpid()}"
        self.box, self.lan, self.up = (f"{self.name}-{end}" for end in ("box", "lan", "up"))

    def make(self) -> None:
        for network in (self.box, self.lan, self.up):
            _ip("netns", "add", network)
            _ip("-n", network, "link", "set", "lo", "up")
        for card, network, address in (("lan0", self.lan, CANDIDATE), ("up0", self.up, BEYOND)):
            _ip("-n", self.box, "link", "add", card, "type", "veth",
                "peer", "name", "cable", "netns", network)  # fmt: skip
            _ip("-n", network, "address", "add", f"{address}/24", "dev", "cable")
            _ip("-n", network, "link", "set", "cable", "up")

    def remove(self) -> None:
        for network in (self.box, self.lan, self.up):
            subprocess.run(["ip", "netns", "del", network], capture_output=True)

    @contextmanager
    def gives_addresses(self, network: str, address: str, router: str) -> Iterator[None]:
        """A DHCP server at the other end, which has this one address to give."""
        words = ("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0",
                 "--interface=cable", "--bind-interfaces", "--user=root", "--leasefile-ro",
                 "--dhcp-authoritative", f"--dhcp-range={address},{address},255.255.255.0,1h",
                 f"--dhcp-option=option:router,{router}")  # fmt: skip
        server = subprocess.Popen(["ip", "netns", "exec", network, *words], stderr=subprocess.PIPE)
        try:
            yield
            assert server.poll() is None, server.communicate()[1]
        finally:
            server.terminate()
            server.communicate()

    def unplug(self, network: str) -> None:
        _ip("-n", network, "link", "set", "cable", "down")

    def plug_in(self, network: str) -> None:
        _ip("-n", network, "link", "set", "cable", "up")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
