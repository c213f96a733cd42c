"""The doctor's look at what the box has: its models, and what waits for the night."""

from __future__ import annotations

import time
from collections.abc import Sequence

from appliance.adapters.vision import weights
from appliance.adapters.vision.manifest import read_manifest
from appliance.config.box import BoxConfig
from appliance.core import checkup
from appliance.core.checkup import Check, fail, ok
from appliance.core.errors import IntegrityFailure, WrongConfiguration
from appliance.core.exam import ExamState
from appliance.core.ports import ExamStore
from appliance.services.night_plan import Night

_MILLISECONDS_A_DAY = 86_400_000
STAYS_HERE = ok("backlog", "nothing is sent: everything stays on this box")


def models_checks() -> Sequence[Check]:
    changed, missing, good = [], [], []
    for model in read_manifest().models:
        try:
            weights.load_bytes(model.name, None)
            good.append(model.name)
        except IntegrityFailure:
            changed.append(model.name)
        except WrongConfiguration:
            if not model.opt_in:
                missing.append(model.name)
    if changed:
        return [
            fail(
                "models",
                f"not the files that the manifest names: {', '.join(changed)}",
                "Delete them and run `hallvakt models install`; find out who changed them.",
            )
        ]
    if missing:
        return [fail("models", f"missing: {', '.join(missing)}", "Run `hallvakt models install`.")]
    return [ok("models", f"{', '.join(good)}: the files of this version")]


async def backlog_checks(config: BoxConfig, night: Night, exams: ExamStore) -> Sequence[Check]:
    if config.cloud.objects == "none":
        return [STAYS_HERE]
    status = await night.status()
    closed = [e.closed_ms for e in await exams.all() if e.state is ExamState.CLOSED and e.closed_ms]
    days = (time.time() * 1000 - min(closed)) / _MILLISECONDS_A_DAY if closed else None
    return [checkup.backlog(status.backlog_bytes, days)]
