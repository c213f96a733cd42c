"""Whether systemd could hand a unit its sealed credentials at its last start."""

from __future__ import annotations

import shutil
import subprocess

# What the process of a unit ends with where systemd cannot open them, by systemd.exec(5), "Process
# Exit Codes".
EXIT_CREDENTIALS = "243"
_ANSWERS_S = 10.0


def credentials_refused(unit: str) -> bool:
    """False too where there is no systemd to ask, or it does not know the unit."""
    systemctl = shutil.which("systemctl", path="/usr/bin:/bin")
    if systemctl is None:
        return False
    asked = [systemctl, "show", unit, "--property=ExecMainStatus", "--value"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=_ANSWERS_S)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == EXIT_CREDENTIALS
