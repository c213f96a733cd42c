"""A line of a given rate and loss between two network namespaces that are made here and go again.

`netem` is absent from some kernels, so the rate is `tbf`'s, the loss `nft`'s, and the delay that of
a proxy in user space (`tests.support.tap`). The store is on one end, with its own loopback; whoever
sends on the other. Needs root.
"""

from __future__ import annotations

from tests.support.network_namespaces import NetworkNamespaces, ip, run

FAR, NEAR = "10.77.9.1", "10.77.9.2"
_LOSS = """
table inet thin {{
  chain out {{
    type filter hook output priority 0;
    oifname "hvnear" numgen random mod 100 < {percent} drop
  }}
}}
"""


class ThinLine(NetworkNamespaces):
    """`with ThinLine(5.0, 1) as line:` and run commands behind `line.far` and `line.near`."""

    def __init__(self, mbit_s: float, loss_percent: int) -> None:
        super().__init__("far", "near")
        self._mbit_s = mbit_s
        self._loss = loss_percent

    @property
    def far(self) -> tuple[str, ...]:
        return self.inside("far")

    @property
    def near(self) -> tuple[str, ...]:
        return self.inside("near")

    def connect(self) -> None:
        far, near = self.name("far"), self.name("near")
        peer = ("type", "veth", "peer", "name", "hvnear", "netns", near)
        ip("link", "add", "hvfar", "netns", far, *peer)
        for name, device, address in ((far, "hvfar", FAR), (near, "hvnear", NEAR)):
            ip("-n", name, "address", "add", f"{address}/30", "dev", device)
            ip("-n", name, "link", "set", device, "up")
        # What is sent is thin: a school's line is slower upwards than down.
        rate = ("tbf", "rate", f"{round(self._mbit_s * 1000)}kbit")
        queue = ("burst", "32kb", "latency", "400ms")
        run(*self.near, "tc", "qdisc", "add", "dev", "hvnear", "root", *rate, *queue)
        run(*self.near, "nft", "-f", "-", given=_LOSS.format(percent=self._loss))
