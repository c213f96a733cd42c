"""A line of a given rate and loss between two network namespaces that are made here and go again.

`netem` is absent from some kernels, so the rate is `tbf`'s, the loss `nft`'s, and the delay that of
a proxy in user space (`tests.support.tap`). The store is on one end, with its own loopback; whoever
sends on the other. Needs root.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from types import TracebackType
from typing import Self

FAR, NEAR = "10.77.9.1", "10.77.9.2"
_LOSS = """
table inet thin {{
  chain out {{
    type filter hook output priority 0;
    oifname "hvnear" numgen random mod 100 < {percent} drop
  }}
}}
"""


class ThinLine:
    """`with ThinLine(5.0, 1) as line:` and run commands behind `line.far` and `line.near`."""

    def __init__(self, mbit_s: float, loss_percent: int) -> None:
        self._mbit_s = mbit_s
        self._loss = loss_percent
        number = os.getpid()
        self._far, self._near = f"hv-far-{number}", f"hv-near-{number}"

    @property
    def far(self) -> list[str]:
        return ["ip", "netns", "exec", self._far]

    @property
    def near(self) -> list[str]:
        return ["ip", "netns", "exec", self._near]

    def __enter__(self) -> Self:
        far, near = self._far, self._near
        try:
            for name in (far, near):
                _run("ip", "netns", "add", name)
                _run("ip", "-n", name, "link", "set", "lo", "up")
            _run(
                *("ip", "link", "add", "hvfar", "netns", far),
                *("type", "veth", "peer", "name", "hvnear", "netns", near),
            )
            for name, device, address in ((far, "hvfar", FAR), (near, "hvnear", NEAR)):
                _run("ip", "-n", name, "address", "add", f"{address}/30", "dev", device)
                _run("ip", "-n", name, "link", "set", device, "up")
            # What is sent is thin: a school's line is slower upwards than down.
            rate = f"{round(self._mbit_s * 1000)}kbit"
            _run(
                *("ip", "netns", "exec", near, "tc", "qdisc", "add", "dev", "hvnear", "root"),
                *("tbf", "rate", rate, "burst", "32kb", "latency", "400ms"),
            )
            with tempfile.NamedTemporaryFile("w", suffix=".nft") as rules:
                rules.write(_LOSS.format(percent=self._loss))
                rules.flush()
                _run("ip", "netns", "exec", near, "nft", "-f", rules.name)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        for name in (self._far, self._near):
            subprocess.run(["ip", "netns", "del", name], check=False, stderr=subprocess.DEVNULL)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)
