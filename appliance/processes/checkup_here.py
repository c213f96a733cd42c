"""The doctor's look from inside the gateway, for a technician at a console."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from appliance.core.checkup import Check
from appliance.processes import checkup_parts
from appliance.processes.foundation import Foundation
from appliance.services.doctor import Checkup, examine

_GOOD_FOR_S = 20.0  # however often it is asked, the box is looked at this seldom


def checkup_here(on: Foundation) -> Checkup:
    """Answers what `hallvakt doctor` finds without the internet. Who asks while the box is being
    looked at waits for that look."""
    one_at_a_time = asyncio.Lock()
    last: tuple[float, Sequence[Check]] | None = None

    async def look() -> Sequence[Check]:
        nonlocal last
        async with one_at_a_time:
            now = time.monotonic()
            if last is None or now - last[0] > _GOOD_FOR_S:
                found = await examine(checkup_parts.local(on.state, on.config, pepper=on.pepper))
                last = (now, found)
            return last[1]

    return look
