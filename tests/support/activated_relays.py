"""Plays systemd's part of `hallvakt-coturn.socket`: listens, and starts one `relay_unit` for each
connection, under the rules of its unit, as a user that owns nothing.

    units = ActivatedRelays()
    units.start()
    relay = Coturn(..., places=Units(units.socket, ...))
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

from tests.support.box import ROOT, clean_environment

UNIT = ROOT / "systemd" / "hallvakt-coturn@.service"
USER = 64_998  # nobody's number on any Debian (Debian Policy 9.2.2)
_POLITE_S = 60
# A Python or a checkout below a directory that is closed to others (root's own, say) is shown to
# the unit at the same path, with nothing else of that directory, in a mount namespace of its own.
_SHOWN = """
exec 8<"$2" 9<"$3" && mount -t tmpfs -o mode=755 none "$1" && mkdir -p "$2" "$3" &&
mount --no-canonicalize --bind /proc/self/fd/8 "$2" &&
mount --no-canonicalize --bind /proc/self/fd/9 "$3" && exec 8<&- 9<&- && shift 3 && exec "$@"
"""


def with_ours_in_sight() -> tuple[str, ...]:
    """The words before a command of another user where our Python, or this checkout, lies where
    only root looks."""
    hidden: dict[Path, list[Path]] = {}
    for path in (Path(sys.base_prefix).resolve(), ROOT.resolve()):
        if closed := [d for d in reversed((path, *path.parents)) if not d.stat().st_mode & 0o001]:
            hidden.setdefault(closed[0], []).append(path)
    show = ("unshare", "--mount", "sh", "-c", _SHOWN, "sh")
    return tuple(
        word
        for directory, paths in hidden.items()
        for word in (*show, str(directory), str(paths[0]), str(paths[-1]))
    )


class ActivatedRelays:
    """`processes`: every instance so far. `before`: words in front of the command, such as those
    that enter a network namespace."""

    def __init__(self, *, before: tuple[str, ...] = ()) -> None:
        # Not below pytest's own directory, which is closed to other users time and again.
        self._own = tempfile.TemporaryDirectory(prefix="hallvakt-units-")
        directory = Path(self._own.name)
        directory.chmod(0o711)
        self.socket = directory / "coturn.sock"
        self.processes: list[subprocess.Popen[bytes]] = []
        self.directories: list[Path] = []
        self.log = directory / "units.log"
        self._runtime = directory / "runtime"
        self._before = before
        self._listening = socket.socket(socket.AF_UNIX)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def start(self) -> None:
        self._runtime.mkdir(mode=0o711)
        self._listening.bind(str(self.socket))
        self._listening.listen()
        self._thread.start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(_POLITE_S)
        for process in self.processes:
            process.terminate()
            process.wait(_POLITE_S)
        self._own.cleanup()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection:
                self._start(connection)

    def _start(self, connection: socket.socket) -> None:
        directory = self._runtime / str(len(self.processes))
        directory.mkdir(mode=0o700)
        os.chown(directory, USER, USER)
        self.directories.append(directory)
        with self.log.open("ab") as log:
            self.processes.append(
                subprocess.Popen(
                    [
                        *self._before,
                        *with_ours_in_sight(),
                        *("setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"),
                        *("--bounding-set=-all", "--inh-caps=-all", "--"),
                        *(sys.executable, "-m", "tests.support.unit_sandbox", str(UNIT)),
                        *(sys.executable, "-m", "appliance.processes.relay_unit"),
                    ],
                    stdin=connection.fileno(),
                    stdout=log,
                    stderr=log,
                    cwd=ROOT,
                    env=clean_environment() | {"RUNTIME_DIRECTORY": str(directory)},
                )
            )
