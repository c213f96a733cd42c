"""A box and a school's LAN as two network namespaces of our own, joined by one cable.

    networks = TwoNetworks()      # box: 10.77.0.1, LAN: 10.77.0.20 and, beyond, 203.0.113.7
    networks.make()
    networks.in_box("nft", "-f", file)

Addresses beyond the LAN (TEST-NET-3, RFC 5737) lie on the LAN's end of the cable too: a default
route of the box leads there, and nothing leaves this machine.
"""

from __future__ import annotations

import os
import subprocess

BOX, LAN, BEYOND = "10.77.0.1", "10.77.0.20", "203.0.113.7"


class TwoNetworks:
    def __init__(self) -> None:
        self.box, self.lan = (f"hallvakt-{end}-{os.getpid()}" for end in ("box", "lan"))

    def make(self, *more_on_lo: str) -> None:
        """`more_on_lo`: addresses of the box's loopback device, such as the relay's."""
        for name in (self.box, self.lan):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", self.box, "link", "add", "lan0", "type", "veth", "peer", "end", "netns", self.lan)
        for name, card, addresses in ((self.box, "lan0", [BOX]), (self.lan, "end", [LAN, BEYOND])):
            for address in addresses:
                _ip("-n", name, "address", "add", f"{address}/24", "dev", card)
            _ip("-n", name, "link", "set", card, "up")
        _ip("-n", self.box, "route", "add", "default", "via", LAN)
        for address in more_on_lo:
            _ip("-n", self.box, "address", "add", f"{address}/32", "dev", "lo")
            _ip("-n", self.lan, "route", "add", f"{address}/32", "via", BOX)

    def remove(self) -> None:
        for name in (self.box, self.lan):
            subprocess.run(["ip", "netns", "del", name], capture_output=True)

    def words_in_box(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.box)

    def words_in_lan(self) -> tuple[str, ...]:
        return ("ip", "netns", "exec", self.lan)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
