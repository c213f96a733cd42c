"""A school's switch for VLANs (IEEE 802.1Q), in a thread: a port for each hall, whose computers
know of no tags, and the cable to the box, on which every frame says of which hall it is.

The halls are networks of our own, whose kernel need not know VLANs.
"""

from __future__ import annotations

import os
import selectors
import socket
import struct
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.virtual.cables import CARDS, Card, tap, wire

_TAG = b"\x81\x00"
_ADDRESSES = 12  # bytes of a frame before its type: to whom, from whom
_LONGEST = 65_536


@dataclass(frozen=True, slots=True)
class Port:
    """`number`: the VLAN's; `address`: of the hall's one computer, with its prefix."""

    number: int
    network: str
    address: str


class VlanSwitch:
    """`forwarded`: frames from the box, by hall. One without a tag is of none: it goes nowhere, and
    is among the `untagged`."""

    def __init__(self, trunk: Path, ports: tuple[Port, ...]) -> None:
        self.forwarded: dict[int, int] = {port.number: 0 for port in ports}
        self.untagged: list[bytes] = []
        self._ports = ports
        self._path = trunk
        self._listening = socket.socket(socket.AF_UNIX)
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._switch)

    def __enter__(self) -> VlanSwitch:
        for port in self._ports:
            for words in (
                ("netns", "add", port.network),
                ("-n", port.network, "link", "set", "lo", "up"),
                ("-n", port.network, "tuntap", "add", "cable", "mode", "tap"),
                ("-n", port.network, "address", "add", port.address, "dev", "cable"),
                ("-n", port.network, "link", "set", "cable", "up"),
            ):
                subprocess.run(["ip", *words], check=True, capture_output=True)
        self._listening.bind(str(self._path))
        self._listening.listen()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join()
        for end in (self._woken, self._listening):
            end.close()
        for port in self._ports:
            subprocess.run(["ip", "netns", "del", port.network], capture_output=True)

    def cards(self) -> list[Card]:
        """The box's one card, for one start of the machine."""
        return [wire("lan0", CARDS["lan0"], str(self._path), listens=False)]

    def _switch(self) -> None:
        taps = {port.number: tap(port.network) for port in self._ports}
        box: socket.socket | None = None
        with selectors.DefaultSelector() as waits:
            for number, descriptor in taps.items():
                waits.register(descriptor, selectors.EVENT_READ, number)
            waits.register(self._listening, selectors.EVENT_READ, "plugged in")
            waits.register(self._woken, selectors.EVENT_READ, "over")
            while True:
                for key, _ in waits.select():
                    if key.data == "over":
                        for descriptor in taps.values():
                            os.close(descriptor)
                        if box is not None:
                            box.close()
                        return
                    if key.data == "plugged in":
                        box, _ = self._listening.accept()
                        waits.register(box, selectors.EVENT_READ, "box")
                    elif key.data == "box":
                        assert box is not None
                        if not self._from_box(box, taps):
                            waits.unregister(box)
                            box.close()
                            box = None
                    else:
                        frame = os.read(key.fd, _LONGEST)
                        if box is not None:
                            self._to_box(box, key.data, frame)

    def _to_box(self, box: socket.socket, number: int, frame: bytes) -> None:
        tag = _TAG + struct.pack(">H", number)
        tagged = frame[:_ADDRESSES] + tag + frame[_ADDRESSES:]
        with suppress(OSError):  # its power was cut: `_from_box` sees that too
            box.sendall(struct.pack(">I", len(tagged)) + tagged)

    def _from_box(self, box: socket.socket, taps: Mapping[int, int]) -> bool:
        """False when the machine is off. Frames come behind their length (QEMU's `stream`)."""
        frame = _exactly(box, int.from_bytes(_exactly(box, 4), "big"))
        if not frame:
            return False
        if frame[_ADDRESSES:][:2] != _TAG:
            self.untagged.append(frame)
            return True
        number = int.from_bytes(frame[_ADDRESSES + 2 :][:2], "big") & 0xFFF
        if number in taps:
            self.forwarded[number] += 1
            os.write(taps[number], frame[:_ADDRESSES] + frame[_ADDRESSES + 4 :])
        return True


def _exactly(box: socket.socket, count: int) -> bytes:
    """Empty where it ended."""
    got = b""
    while len(got) < count:
        try:
            part = box.recv(count - len(got))
        except OSError:
            return b""
        if not part:
            return b""
        got += part
    return got
