"""What systemd says of a unit, to whoever may ask it."""

from __future__ import annotations

import shutil
import subprocess

_ANSWERS_S = 10.0


def shown(unit: str, name: str) -> str | None:
    """The property `name` of `unit`, as `systemctl show` writes it; empty where systemd does not
    know the unit. None where there is no systemd to ask, or it does not answer."""
    systemctl = shutil.which("systemctl", path="/usr/bin:/bin")
    if systemctl is None:
        return None
    asked = [systemctl, "show", unit, f"--property={name}", "--value"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_ANSWERS_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip()
