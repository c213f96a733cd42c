"""What a unit sees and may write of the box, made of mounts of this process's own.

    subprocess.run([*seen_by(unit, state), *command])

As systemd.exec(5) has ProtectSystem=strict, ReadWritePaths= and InaccessiblePaths=, for what lies
in the state directory. Needs root; who is to be kept out has to give up its capabilities then.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.support.unit_sandbox import words

_STATE = "/var/lib/hallvakt"


def seen_by(unit: Path, state: Path) -> list[str]:
    """The words before a command that sees of `state` what `unit` sees of a box's."""
    steps = [f"s={shlex.quote(str(state))}", 'mount --bind "$s" "$s"']
    writable = list(_named(unit, "ReadWritePaths"))
    if "" not in writable:
        steps.append('mount -o remount,bind,ro "$s"')
        for name in writable:
            made = f'mount --bind "$s{name}" "$s{name}"; mount -o remount,bind,rw "$s{name}"'
            steps.append(f'if [ -e "$s{name}" ]; then {made}; fi')
    # A directory and a file that nobody may open.
    steps += ['n=$(mktemp -d)', 'mount -t tmpfs -o mode=700 none "$n"', 'mkdir -m 000 "$n/d"',
              'touch "$n/f"', 'chmod 000 "$n/f"']  # fmt: skip
    for name in _named(unit, "InaccessiblePaths"):
        steps += [
            f'[ ! -d "$s{name}" ] || mount --bind "$n/d" "$s{name}"',
            f'[ ! -f "$s{name}" ] || mount --bind "$n/f" "$s{name}"',
        ]
    script = "; ".join(["set -e", *steps, 'exec "$@"'])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh"]


def _named(unit: Path, key: str) -> Iterator[str]:
    """Behind the state directory's own name, with the slash; empty for the whole of it."""
    for line in words(unit, key):
        for path in line:
            if path.removeprefix("-").startswith(_STATE):
                yield path.removeprefix("-").removeprefix(_STATE)
