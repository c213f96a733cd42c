"""A TPM 2.0: swtpm, whose state directory is the chip. Another directory is another chip."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.virtual.disk import DIES_WITH_US, until_there

_WITHIN_S = 60.0


class Tpm:
    def __init__(self, state: Path) -> None:
        state.mkdir(exist_ok=True)
        self._state = state
        self._socket = state / "control"
        self._chip: subprocess.Popen[bytes] | None = None

    def words(self) -> list[str]:
        return ["-chardev", f"socket,id=tpm,path={self._socket}",
                "-tpmdev", "emulator,id=tpm,chardev=tpm",
                "-device", "tpm-crb,tpmdev=tpm"]  # fmt: skip

    def power_on(self) -> None:
        self._socket.unlink(missing_ok=True)
        control = f"type=unixio,path={self._socket}"
        words = (*DIES_WITH_US, "swtpm", "socket", "--tpm2",
                 "--tpmstate", f"dir={self._state}", "--ctrl", control)  # fmt: skip
        self._chip = subprocess.Popen(words, start_new_session=True)
        until_there(self._socket, self._chip)

    def power_off(self) -> None:
        if self._chip is not None:
            self._chip.kill()
            self._chip.wait(_WITHIN_S)
            self._chip = None
