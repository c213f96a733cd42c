"""The readings behind the start gate, of this machine and this box."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial

from appliance.adapters.host import tls
from appliance.adapters.relay.loopback import round_trip_ms
from appliance.adapters.vision import weights
from appliance.core import start_gate as judged
from appliance.core.checkup import Check
from appliance.core.errors import IntegrityFailure, WrongConfiguration
from appliance.core.exam import Exam
from appliance.core.ids import ViewId
from appliance.processes.checkup_certificate import names_missing
from appliance.processes.checkup_parts import clock_check
from appliance.processes.foundation import Foundation
from appliance.processes.night_parts import night_of
from appliance.services.start_gate import StartGate

_KEEP_FREE_SHARE, _KEEP_FREE_MOST = 0.05, 512 * 1024 * 1024


def keep_free(disk_bytes: int) -> int:
    """Bytes that snippets never take: the databases need room to go on."""
    return min(round(disk_bytes * _KEEP_FREE_SHARE), _KEEP_FREE_MOST)


def start_gate(on: Foundation) -> StartGate:
    disk = os.statvfs(on.state)
    return StartGate(
        access=on.access,
        attempts=on.stores.attempts,
        users=on.stores.users,
        blobs=on.blobs,
        workers=on.workers,
        clock=_clock,
        relay_trip=partial(_relay_trip, on),
        certificate=partial(_certificate, on),
        models=_models,
        backlog=partial(_backlog, on),
        night=partial(_night, on),
        halls=on.config.halls.keys(),
        keep_free=keep_free(disk.f_blocks * disk.f_frsize),
        pepper=on.pepper,
    )


async def _clock() -> Sequence[Check]:
    return await asyncio.to_thread(clock_check)


async def _relay_trip(on: Foundation, exam: Exam) -> float:
    """Two allocations on the relay that this exam's live views will use."""
    listen = on.config.relay.listen_host
    host = "127.0.0.1" if listen == "0.0.0.0" else listen
    legs = (ViewId(on.randomness.new_id()) for _ in range(2))
    one, other = (on.relay.credential(exam.exam_id, leg, host=host) for leg in legs)
    return await round_trip_ms(one, other)


async def _certificate(on: Foundation) -> tuple[float, Sequence[str]]:
    files = tls.TlsFiles.below(on.state / "tls")
    seen = await asyncio.to_thread(tls.read_certificate, files.served_certificate)
    missing = await asyncio.to_thread(names_missing, files, on.config.web.names)
    return (seen.ends - datetime.now(UTC)).total_seconds(), missing


async def _models(names: Collection[str]) -> Mapping[str, str]:
    return {name: await asyncio.to_thread(_model, name) for name in names}


def _model(name: str) -> str:
    """Reads and hashes the file; opens no network."""
    try:
        weights.load_bytes(name)
    except WrongConfiguration:
        return "missing"
    except IntegrityFailure:
        return "changed"
    return "good"


async def _backlog(on: Foundation) -> int:
    if on.config.cloud.objects == "none":
        return 0
    return (await night_of(on.config, on.stores).backlog()).bytes


async def _night(on: Foundation, exam: Exam) -> Check:
    if on.config.cloud.objects == "none":
        return judged.night(None, on.clock.now_ms())
    forecast = await night_of(on.config, on.stores).after(exam)
    return judged.night(forecast, on.clock.now_ms(), on.config.night.zone)
