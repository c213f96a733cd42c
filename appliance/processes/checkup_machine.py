"""The doctor before there is a box: what can be said of the machine alone."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from appliance.core import checkup
from appliance.core.checkup import Check
from appliance.processes.checkup_network import machine_addresses_check, network_cards_check
from appliance.processes.checkup_parts import clock_check, disk_checks, memory_check
from appliance.services.doctor import Probe

# The kernel's resource manager: what every program of today reaches a TPM 2.0 through.
_TPM = "tpmrm0"


def before_there_is_a_box(state: Path) -> Mapping[str, Probe]:
    """`state` need not be there yet: the disk that would hold it is looked at. Reads the disk."""
    return {
        "disk": partial(asyncio.to_thread, disk_checks, _what_is_there(state.absolute())),
        "memory": partial(asyncio.to_thread, memory_check),
        "tpm": partial(asyncio.to_thread, tpm_check),
        "clock": partial(asyncio.to_thread, clock_check),
        "network": partial(asyncio.to_thread, lambda: [network_cards_check()]),
        "addresses": partial(asyncio.to_thread, machine_addresses_check),
    }


def _what_is_there(path: Path) -> Path:
    """The directory itself, or the nearest one above it."""
    return next(above for above in (path, *path.parents) if above.is_dir())


def tpm_check(devices: Path = Path("/dev")) -> Sequence[Check]:
    return [checkup.tpm((devices / _TPM).exists())]
