"""Shuts coturn away before it is coturn: `python -m appliance.processes.relay_launcher`.

    relay_launcher --write DIRECTORY [--read FILE ...] -- turnserver ...

coturn is C code that speaks to everybody on the LAN. Whoever breaks into it finds: no file of the
box but its certificate and its own run directory (Landlock), no new privileges, no capabilities to
gain, and a process that dies with the gateway. Replaces itself by the command; returns only on
failure.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from appliance.adapters.host import landlock
from appliance.core.errors import HallvaktError

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
# Libraries, name services, the configuration's descriptor, and where randomness comes from.
_PROGRAMS = ("/usr", "/lib", "/lib64", "/bin", "/sbin")
_READABLE = ("/etc", "/proc", "/sys/devices/system/cpu")
_DEVICES = ("/dev/null", "/dev/urandom", "/dev/random")


def launcher(tls: Sequence[Path]) -> Callable[[Path], tuple[str, ...]]:
    """For `adapters.relay.coturn`: the words that start a relay which may read the files `tls`."""

    def words(directory: Path) -> tuple[str, ...]:
        reads = [word for path in tls for word in ("--read", str(path))]
        return (
            *(sys.executable, "-m", "appliance.processes.relay_launcher"),
            *("--write", str(directory), *reads, "--"),
        )

    return words


def main() -> int:
    parser = argparse.ArgumentParser(prog="relay_launcher", description=__doc__)
    parser.add_argument("--write", type=Path, required=True)
    parser.add_argument("--read", type=Path, action="append", default=[])
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() == 1:
        return 1  # the gateway died before the line above
    libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    try:
        landlock.restrict_to(
            _existing([*_READABLE, *options.read]),
            programs=_existing(_PROGRAMS),
            writable=_existing([options.write, *_DEVICES]),
            network=True,
        )
        os.execvp(options.command[0], options.command)
    except HallvaktError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(f"The relay cannot start ({error.strerror}): install coturn.\n")
        return 5


def _existing(paths: Sequence[str | Path]) -> list[Path]:
    return [path for path in map(Path, paths) if path.exists()]


if __name__ == "__main__":
    sys.exit(main())
