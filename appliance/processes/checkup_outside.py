"""The doctor's probes that read models, open devices or reach beyond the school's network."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from appliance.adapters.vision import weights
from appliance.adapters.vision.manifest import read_manifest
from appliance.config.box import BoxConfig
from appliance.core import checkup
from appliance.core.checkup import Check, fail, ok, warn
from appliance.core.errors import HallvaktError, IntegrityFailure, Unreachable, WrongConfiguration
from appliance.core.exam import ExamState
from appliance.processes.cloud_ends import cloud_ends
from appliance.processes.syncer import syncer
from appliance.services.doctor import Probe

_MILLISECONDS_A_DAY = 86_400_000
_ANSWERS_S = 12.0  # less than a probe may take, so that the words are ours


def beyond(state: Path, config: BoxConfig) -> Mapping[str, Probe]:
    return {
        "models": partial(asyncio.to_thread, _models),
        "microphone": partial(asyncio.to_thread, _microphone),
        "backlog": partial(_backlog, state, config),
        "cloud": partial(_cloud, config),
    }


def _models() -> Sequence[Check]:
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
    return [ok("models", f"{', '.join(good)}: hashes as in the manifest")]


def _microphone() -> Sequence[Check]:
    """Lists, and opens nothing: whether an exam listens is that exam's setting."""
    try:
        import sounddevice
    except OSError:  # what sounddevice raises without PortAudio
        return [
            warn(
                "microphone",
                "PortAudio is not installed",
                "Install libportaudio2 if exams here use a hall microphone.",
            )
        ]
    heard = [d["name"] for d in sounddevice.query_devices() if d["max_input_channels"] > 0]
    if not heard:
        return [
            warn(
                "microphone",
                "no microphone is plugged in",
                "Only needed where an exam uses hall_microphone.",
            )
        ]
    return [ok("microphone", ", ".join(heard))]


async def _backlog(state: Path, config: BoxConfig) -> Sequence[Check]:
    if config.cloud.objects == "none":
        return [ok("backlog", "everything stays on this box")]
    async with syncer(state) as night:
        status = await night.night.status()
        exams = await night.stores.exams.all()
    closed = [e.closed_ms for e in exams if e.state is ExamState.CLOSED and e.closed_ms]
    days = (time.time() * 1000 - min(closed)) / _MILLISECONDS_A_DAY if closed else None
    return [checkup.backlog(status.backlog_bytes, days)]


async def _cloud(config: BoxConfig) -> Sequence[Check]:
    if config.cloud.objects == "none":
        return [
            warn(
                "cloud",
                "none is configured: everything stays on this box",
                "If that is meant, keep a second copy; otherwise fill in [cloud] of box.toml.",
            )
        ]
    try:
        async with asyncio.timeout(_ANSWERS_S), cloud_ends(config.cloud) as ends:
            objects = await ends.objects.location()
            records = await ends.records.check_residency()
    except TimeoutError:
        return [_no_line(f"no answer within {_ANSWERS_S:.0f} s")]
    except Unreachable as error:
        return [_no_line(error.message)]
    except HallvaktError as error:
        return [fail("cloud", error.message, "The night waits until this works; nothing is lost.")]
    return [ok("cloud", f"objects in {objects}, records in {records}")]


def _no_line(said: str) -> Check:
    """A school may have no internet at all by day: its box is fit for an exam."""
    return warn(
        "cloud",
        said,
        "No exam needs it. The night waits for the line, and nothing is lost; look at the uplink "
        "if there should be one.",
    )
