"""The probes of the doctor: readings of this machine and this box, judged by `core.checkup`.

`local` is what a gateway may ask too; `hallvakt doctor` adds what needs the internet.
"""

from __future__ import annotations

import asyncio
import platform
import re
import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from appliance.adapters.crypto.recipients import load_recipients
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.host import machine, storage, tls
from appliance.adapters.host.certificate_keeper import check_served
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.credentials import sealed_pepper
from appliance.adapters.host.credentials_refused import credentials_refused
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.relay.coturn import Coturn
from appliance.adapters.relay.loopback import round_trip_ms
from appliance.adapters.store import schema
from appliance.config.box import BoxConfig
from appliance.core import checkup
from appliance.core.checkup import Check, fail, ok
from appliance.core.checkup_credentials import pepper_of_a_stopped_gateway, pepper_refused
from appliance.core.disk import DISK_ADVICE, DISK_IN_WORDS, is_disks, state_after
from appliance.core.errors import (
    HallvaktError,
    IntegrityFailure,
    NotFound,
    WrongConfiguration,
)
from appliance.core.ids import ExamId, ViewId
from appliance.core.keys import PepperKeeping
from appliance.processes.checkup_certificate import certificate_check
from appliance.processes.checkup_network import network
from appliance.processes.foundation import relay_plan
from appliance.processes.own_signature import OWN_SIGNATURE
from appliance.services.doctor import Probe

_TURNSERVER_S = 5.0
_DATABASES = ("box", "identities", "audit")


def local(
    state: Path, config: BoxConfig, *, pepper: PepperKeeping | None = None
) -> Mapping[str, Probe]:
    """`pepper`: what the gateway knows of its own credential; None outside it."""
    return {
        "disk": partial(asyncio.to_thread, disk_checks, state),
        "memory": partial(asyncio.to_thread, memory_check),
        "clock": partial(asyncio.to_thread, clock_check),
        **network(config),
        "certificate": partial(asyncio.to_thread, _certificate, state, config),
        "relay": partial(_relay, state, config),
        "keys": partial(asyncio.to_thread, keys_checks, state, pepper),
        "database": partial(asyncio.to_thread, _databases, state),
        "versions": partial(asyncio.to_thread, _versions),
    }


def disk_checks(state: Path) -> Sequence[Check]:
    room = storage.room(state)
    return [
        checkup.disk_room(room.free, room.total),
        _disk_writes(state),
        checkup.disk_health(storage.health(), may_ask=storage.may_be_asked()),
    ]


def _disk_writes(state: Path) -> Check:
    try:
        return checkup.disk_writes(storage.file_system(state), storage.fsync_ms(state))
    except OSError as error:
        if not is_disks(error):
            raise
        return fail("disk writes", DISK_IN_WORDS[state_after(error)], DISK_ADVICE)


def memory_check() -> Sequence[Check]:
    now = machine.memory()
    return [checkup.memory(now.total, now.available, now.swap)]


def clock_check(
    run: Path = Path("/run"), status: Callable[[], int] = machine.clock_status
) -> Sequence[Check]:
    source = machine.time_source(run, status)
    # This file was written when this version was installed: a moment that is past for certain.
    installed = Path(__file__).stat().st_mtime
    return [checkup.clock(time.time(), source.synchronised, source.service, installed)]


def _certificate(state: Path, config: BoxConfig) -> Sequence[Check]:
    check_served(state / "tls")
    files, web = tls.TlsFiles.below(state / "tls"), config.web
    return [
        certificate_check(
            files,
            web.names,
            datetime.now(UTC),
            lan_host=web.lan_host,
            called_public=web.public_certificate,
        )
    ]


async def _relay(state: Path, config: BoxConfig) -> Sequence[Check]:
    found = checkup.relay_version(await asyncio.to_thread(_coturn_version))
    if found.status is checkup.CheckStatus.FAIL:
        return [found]
    return [found, await _through_relay(config)]


def _coturn_version() -> tuple[int, ...] | None:
    program = shutil.which("turnserver", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if program is None:
        return None
    # In a directory of its own: coturn drops a log where it stands.
    with tempfile.TemporaryDirectory() as nowhere:
        done = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=_TURNSERVER_S,
            cwd=nowhere,
        )
    number = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout + done.stderr)
    return tuple(map(int, number.groups())) if number else None


async def _through_relay(config: BoxConfig) -> Check:
    """A relay of the doctor's own beside those of live exams: same addresses, another port."""
    with tempfile.TemporaryDirectory(prefix="hallvakt-doctor-") as run:
        plan = replace(relay_plan(Path(run), config), port=0, tls_port=None)
        relay = Coturn(plan, run=Path(run), clock=SystemClock(), randomness=SystemRandomness())
        exam = ExamId("doctor")
        host = plan.listen if plan.listen != "0.0.0.0" else _own_address(config)
        try:
            await relay.start(exam)
            one, other = (relay.credential(exam, ViewId(leg), host=host) for leg in ("1", "2"))
            took = await round_trip_ms(one, other)
        except WrongConfiguration as error:
            return fail("relay loopback", error.message, "Correct [relay] in box.toml.")
        except HallvaktError as error:
            return fail(
                "relay loopback",
                error.message,
                f"Live views need it: {plan.relay_address} must be an address of this machine, on "
                f"its loopback device (ip address add {plan.relay_address}/32 dev lo).",
            )
        finally:
            await relay.stop_all()
    return ok("relay loopback", f"a packet from {host} went through the relay in {took:.1f} ms")


def _own_address(config: BoxConfig) -> str:
    """The address by which candidates reach the relay, so that what stands between is tried too.
    Off the cards: a name server that does not answer would hold up the gateway."""
    return next(iter(machine.lan_addresses(uplink=config.web.uplink)), "127.0.0.1")


def keys_checks(state: Path, known: PepperKeeping | None) -> Sequence[Check]:
    try:
        SigningKey.load(state / OWN_SIGNATURE)
        listed = load_recipients(state / "keys")
    except WrongConfiguration as error:
        recipients = fail("keys", error.message, "Without it the box does not start.")
    except IntegrityFailure:
        recipients = fail(
            "keys",
            f"the list of recipients in {state / 'keys'} is damaged: no exam can be made ready",
            "Move its recipients.json away and install the school's own copy again: `hallvakt keys "
            "recipients install`.",
        )
    except NotFound:
        recipients = fail(
            "keys",
            "no list of recipients is installed: no exam can be made ready",
            "Hold the key ceremony and run `hallvakt keys recipients install`.",
        )
    else:
        kinds = sorted(recipient.kind.value for recipient in listed.recipients)
        recipients = ok(
            "keys", f"recipients' list {listed.version}, signed by the root: {', '.join(kinds)}"
        )
    if known is None and credentials_refused("hallvakt-gateway.service"):
        return [recipients, pepper_refused()]
    if known is None:
        return [recipients, pepper_of_a_stopped_gateway(sealed_pepper())]
    return [recipients, checkup.pepper(known)]


def _databases(state: Path) -> Sequence[Check]:
    for name in _DATABASES:
        schema.connect(state / "db" / f"{name}.db").close()  # looks at every page first
    return [
        checkup.sqlite_version(schema.engine_version()),
        ok("databases", f"{', '.join(_DATABASES)}: every page is whole"),
    ]


def _versions() -> Sequence[Check]:
    installed = (
        f"Hallvakt {version('hallvakt')}, Python {platform.python_version()}, "
        f"{ssl.OPENSSL_VERSION}, Linux {platform.release()}"
    )
    return [checkup.versions(installed, *update_notes())]


def update_notes(opt: Path = Path("/opt/hallvakt")) -> tuple[list[str], list[str]]:
    """What `update.sh` notes: of an update that it has begun, and of one that was cut off and then
    finished. The words of each; none where there is no such note."""
    return _words(opt / "unfinished"), _words(opt / "was-cut")


def _words(note: Path) -> list[str]:
    try:
        return note.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        return []
