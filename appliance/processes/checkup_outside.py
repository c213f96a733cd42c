"""The doctor's probes that only `hallvakt doctor` asks: they look at devices, at the night as its
own process sees it, and beyond the school's network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from appliance.adapters.cloud.mounted import check_mounted
from appliance.adapters.host.credentials_refused import credentials_refused
from appliance.adapters.store.stores import open_stores
from appliance.config.box import BoxConfig, CloudConfig
from appliance.config.cloud_credentials import NOT_HANDED
from appliance.core.checkup import Check, CheckStatus, fail, ok, warn
from appliance.core.checkup_cloud import cloud_logins
from appliance.core.checkup_credentials import cloud_keys_refused
from appliance.core.checkup_microphone import microphone
from appliance.core.errors import HallvaktError, IntegrityFailure, Unreachable
from appliance.processes.archive_place import archive_check
from appliance.processes.checkup_stock import STAYS_HERE, backlog_checks, models_checks
from appliance.processes.clock_guard import clock_checks
from appliance.processes.cloud_ends import (
    check_both_ends,
    cloud_ends,
    has_eraser,
    has_verifier,
)
from appliance.processes.erased_state import erasure_checks
from appliance.processes.syncer import syncer
from appliance.processes.trusted_hosts import check_signed
from appliance.services.doctor import Probe

_ANSWERS_S = 12.0  # less than a probe may take, so that the words are ours


def beyond(state: Path, config: BoxConfig) -> Mapping[str, Probe]:
    return {
        "models": partial(asyncio.to_thread, models_checks),
        "microphone": partial(asyncio.to_thread, _microphone, config),
        "erasure": partial(_erasure, state),
        "backlog": partial(_backlog, state, config),
        "cloud": partial(_cloud, state, config),
    }


def _microphone(config: BoxConfig) -> Sequence[Check]:
    """Lists, and opens nothing: whether an exam listens is that exam's setting."""
    return [microphone(config.hall_microphone.device, _plugged_in())]


def _plugged_in() -> list[str] | None:
    try:
        import sounddevice
    except OSError:  # what sounddevice raises without PortAudio
        return None
    return microphones(sounddevice.query_devices())


def microphones(devices: Iterable[Mapping[str, Any]]) -> list[str]:
    """Names of those of PortAudio's devices that hear."""
    return [device["name"] for device in devices if device["max_input_channels"] > 0]


async def _erasure(state: Path) -> Sequence[Check]:
    try:
        stores = await asyncio.to_thread(open_stores, state)
    except IntegrityFailure:
        return []  # which is said where the databases are looked at
    try:
        return [*await erasure_checks(state, stores), *await clock_checks(stores)]
    finally:
        await stores.close()


async def _backlog(state: Path, config: BoxConfig) -> Sequence[Check]:
    if config.cloud.objects == "none":
        return [STAYS_HERE]
    async with syncer(state) as night:
        return await backlog_checks(config, night.night, night.stores.exams)


async def _cloud(state: Path, config: BoxConfig) -> Sequence[Check]:
    if config.cloud.objects == "none":
        return [
            warn(
                "cloud",
                "none is configured: everything stays on this box",
                "If that is meant, keep a second copy; otherwise fill in [cloud] of box.toml.",
            )
        ]
    answers = True
    try:
        async with asyncio.timeout(_ANSWERS_S), cloud_ends(config.cloud) as ends:
            await asyncio.to_thread(check_signed, state, config.cloud)
            objects, records = await check_both_ends(ends, config.cloud)
    except TimeoutError:
        answers = False
        found = _no_line(f"no answer within {_ANSWERS_S:.0f} s")
    except Unreachable as error:
        unhanded = error.code == NOT_HANDED
        found = await asyncio.to_thread(_not_handed) if unhanded else _no_line(error.message)
    except HallvaktError as error:
        found = fail("cloud", error.message, "The night waits until this works; nothing is lost.")
    else:
        found = ok("cloud", f"objects in {objects}, records in {records}")
    on_site = config.cloud.objects == "directory"
    if on_site and answers and found.status is not CheckStatus.FAIL:
        # Of the school's own disk or share more is known, also without the night's keys.
        found = await asyncio.to_thread(_archive, state, config.cloud, found)
    logins = cloud_logins(
        verifier=has_verifier(config.cloud),
        eraser=has_eraser(config.cloud),
        on_site=on_site,
    )
    return [found, logins]


def _archive(state: Path, cloud: CloudConfig, found: Check) -> Check:
    """What is wrong with it, in place of what else was found."""
    if cloud.directory is None:
        return found
    try:
        check_mounted(cloud.directory)
        return archive_check(state, cloud.directory) or found
    except Unreachable as error:
        # Whoever may not enter it, as the doctor typed by the box's user, sees whose it is.
        why = _why_kept_out(state, cloud.directory, error)
        return why or _no_line(error.message)
    except OSError as error:
        return _no_line(f"{cloud.directory} cannot be looked at ({error.strerror})")


def _why_kept_out(state: Path, directory: Path, error: Unreachable) -> Check | None:
    if not isinstance(error.__cause__, PermissionError):
        return None
    with suppress(OSError):
        return archive_check(state, directory)
    return None


def _not_handed() -> Check:
    if credentials_refused("hallvakt-syncer.service"):
        return cloud_keys_refused()
    return warn(
        "cloud",
        "not asked: its keys are credentials of this machine, which systemd hands to the night "
        "alone",
        "`hallvakt sync status` says how the last night went. To ask the cloud now, as root: "
        "/opt/hallvakt/current/firmware_scripts/with_cloud_keys.sh hallvakt doctor",
    )


def _no_line(said: str) -> Check:
    """A school may have no internet at all by day: its box is fit for an exam."""
    return warn(
        "cloud",
        said,
        "No exam needs it. The night waits for the line, and nothing is lost; look at the uplink "
        "if there should be one.",
    )
