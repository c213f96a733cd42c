"""A box's configuration as far as the school's root stands behind it.

Anybody who may write box.toml could name a store anywhere as one in the EU/EEA; so a host in
`cloud.trusted_locations` counts only when the school's signed list has it as well.
"""

from __future__ import annotations

from pathlib import Path

from appliance.adapters.crypto.trusted_hosts import load_trusted_hosts
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.core.errors import Refused


def load_box(state: Path) -> BoxConfig:
    """`config.box.load`, and raise Refused for a trusted location that nobody signed for."""
    config = box.load(state)
    check_signed(state, config.cloud)
    return config


def check_signed(state: Path, cloud: CloudConfig) -> None:
    """The same of `cloud`: asked by whoever opens it, with any login, before the first byte. Who
    has work on the box that may not wait for it loads the configuration plainly, and asks then."""
    if not cloud.trusted_locations:
        return
    signed = load_trusted_hosts(state / "keys").hosts
    unsigned = [host for host in cloud.trusted_locations if host not in signed]
    if unsigned:
        raise Refused(
            f"cloud.trusted_locations names {', '.join(unsigned)}, which the school's signed list "
            "does not, so nothing was sent: sign one with `hallvakt keys hosts sign` and install "
            "it.",
            code="residency",
        )
