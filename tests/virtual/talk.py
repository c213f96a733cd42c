"""What QEMU and its guest agent speak: one JSON object a line, over a socket of the file system.

    talk = Talk(path, within_s=60)
    talk.ask("screendump", filename="screen.png", format="png")

QEMU's side is described in its "QMP reference" and "guest agent protocol reference".
"""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any


class Refused(Exception):
    """What was asked for could not be done; the other side's words."""


class Talk:
    """Raises OSError when the other side is gone, TimeoutError when it is silent for `within_s`."""

    def __init__(self, path: Path, *, within_s: float) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        deadline = time.monotonic() + within_s
        while True:
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self._socket.settimeout(within_s)
        self._lines = self._socket.makefile("rb")

    def say(self, what: str, /, **arguments: Any) -> None:
        asked: dict[str, Any] = {"execute": what}
        if arguments:
            asked["arguments"] = arguments
        self._socket.sendall(json.dumps(asked).encode() + b"\n")

    def hear(self) -> Any:
        """The next answer; events and the greeting are passed over. Raises Refused."""
        while line := self._lines.readline():
            said = json.loads(line.lstrip(b"\xff"))
            if "error" in said:
                raise Refused(said["error"]["desc"])
            if "return" in said:
                return said["return"]
        raise ConnectionResetError("it has ended")

    def ask(self, what: str, /, **arguments: Any) -> Any:
        self.say(what, **arguments)
        return self.hear()

    def close(self) -> None:
        self._lines.close()
        self._socket.close()
