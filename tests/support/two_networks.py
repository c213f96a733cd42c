"""A box and a school's LAN as two network namespaces of our own, joined by one cable.

    with TwoNetworks() as networks:  # box: 10.77.0.1, LAN: 10.77.0.20 and, beyond, 203.0.113.7
        run(*networks.inside("box"), "nft", "-f", file)

Addresses beyond the LAN (TEST-NET-3, RFC 5737) lie on the LAN's end of the cable too: a default
route of the box leads there, and nothing leaves this machine.
"""

from __future__ import annotations

from tests.support.network_namespaces import NetworkNamespaces, ip

BOX, LAN, BEYOND = "10.77.0.1", "10.77.0.20", "203.0.113.7"


class TwoNetworks(NetworkNamespaces):
    """`more_on_lo`: addresses of the box's loopback device, such as the relay's."""

    def __init__(self, *more_on_lo: str) -> None:
        super().__init__("box", "lan")
        self._more_on_lo = more_on_lo

    def connect(self) -> None:
        box, lan = self.name("box"), self.name("lan")
        ip("-n", box, "link", "add", "lan0", "type", "veth", "peer", "end", "netns", lan)
        for name, card, addresses in ((box, "lan0", [BOX]), (lan, "end", [LAN, BEYOND])):
            for address in addresses:
                ip("-n", name, "address", "add", f"{address}/24", "dev", card)
            ip("-n", name, "link", "set", card, "up")
        ip("-n", box, "route", "add", "default", "via", LAN)
        for address in self._more_on_lo:
            ip("-n", box, "address", "add", f"{address}/32", "dev", "lo")
            ip("-n", lan, "route", "add", f"{address}/32", "via", BOX)
