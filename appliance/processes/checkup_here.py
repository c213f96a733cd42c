"""The doctor's look from inside the gateway, for a technician at a console."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial

from appliance.core.checkup import Check
from appliance.core.checkup_microphone import microphone_now
from appliance.processes import checkup_parts
from appliance.processes.checkup_stock import backlog_checks, models_checks
from appliance.processes.clock_guard import clock_checks
from appliance.processes.erased_state import erasure_checks
from appliance.processes.foundation import Foundation
from appliance.processes.night_parts import night_of
from appliance.services.doctor import Checkup, Probe, examine, seldom


def checkup_here(on: Foundation) -> Checkup:
    """Answers what `hallvakt doctor` finds without the internet."""

    async def look() -> Sequence[Check]:
        return await examine(_probes(on))

    return seldom(look)


def _probes(on: Foundation) -> Mapping[str, Probe]:
    async def microphone() -> Sequence[Check]:
        states = set(on.measured.hall_microphone.values())
        return [microphone_now(on.config.hall_microphone.device, states)]

    night = night_of(on.config, on.stores)
    return {
        **checkup_parts.local(on.state, on.config, pepper=on.pepper),
        "models": partial(asyncio.to_thread, models_checks),
        "microphone": microphone,
        "erasure": partial(erasure_checks, on.state, on.stores),
        "retention": partial(clock_checks, on.stores),
        "backlog": partial(backlog_checks, on.config, night, on.stores.exams),
    }
