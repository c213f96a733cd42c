"""Whether systemd could hand a unit its sealed credentials at its last start."""

from __future__ import annotations

from appliance.adapters.host.unit_seen import shown

# What the process of a unit ends with where systemd cannot open them, by systemd.exec(5), "Process
# Exit Codes".
EXIT_CREDENTIALS = "243"


def credentials_refused(unit: str) -> bool:
    """False too where there is no systemd to ask, or it does not know the unit."""
    return shown(unit, "ExecMainStatus") == EXIT_CREDENTIALS
