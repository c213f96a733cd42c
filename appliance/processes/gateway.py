"""The gateway: `python -m appliance.processes.gateway --state DIR`.

HTTPS for candidates and consoles, the same over `run/gateway.sock` for what runs on the box
itself. It holds the keys, so it leaves no core dump, and only one may serve a state directory.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import structlog
import uvloop
from aiohttp import web

from appliance.adapters.host.core_dumps import leave_no_core_dump
from appliance.adapters.host.credentials import WARNINGS, machine_pepper, pepper_keeping
from appliance.adapters.host.service_manager import ServiceManager
from appliance.config.box import BoxConfig, load
from appliance.core.errors import HallvaktError, Refused, Unreachable
from appliance.processes.connections_kept import KEEPALIVE_S
from appliance.processes.gateway_doors import doors_open
from appliance.processes.gateway_parts import Parts, build
from appliance.processes.log_lines import log_to_stderr
from appliance.processes.neighbours import Neighbours
from appliance.processes.neighbours_doors import neighbours_doors_open
from appliance.processes.night_door import night_door_open
from appliance.services.disk_watch import IN_SESSION_S, QUIET_S
from appliance.services.tombstones import replay_tombstones, undeleted
from appliance.shared_data import share
from appliance.web.application import application

log = structlog.get_logger("gateway")

_SHUTDOWN_S = 5.0
_CLOCK_EVERY_S = 1.0
# They wait for the disk, not for a core: fsyncs that wait together share a commit of the file
# system's journal. (The usual number is cores plus four.)
_DISK_THREADS = 16


def main() -> int:
    options = argparse.ArgumentParser(prog="gateway", description=__doc__)
    options.add_argument("--state", type=Path, required=True)
    options.add_argument("--relay-socket", type=Path, help="where systemd starts relays as units")
    options.add_argument(
        "--workers-below", type=Path, help="where each media worker has a directory of its own"
    )
    options.add_argument(
        "--doors-below", type=Path, help="where screen and microphone, other users, find a socket"
    )
    given = options.parse_args()
    state: Path = given.state
    log_to_stderr()
    leave_no_core_dump()
    os.umask(0o077)
    share(state)
    try:
        config = load(state)
        if warning := WARNINGS.get(pepper_keeping(machine_pepper())):
            log.warning(warning)
        with _only_one(state):
            beside = Neighbours(
                relay_socket=given.relay_socket,
                workers_below=given.workers_below,
                doors_below=given.doors_below,
            )
            uvloop.run(_serve(state, config, beside))
    except HallvaktError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_code
    except OSError as error:
        sys.stderr.write(
            f"The box cannot use {error.filename or state} ({error.strerror}): is its disk full, "
            "read-only or broken? `hallvakt doctor` looks.\n"
        )
        return Unreachable.exit_code
    return 0


async def _serve(state: Path, config: BoxConfig, beside: Neighbours) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_DISK_THREADS, thread_name_prefix="disk"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    manager = ServiceManager()
    parts = await asyncio.to_thread(build, state, config, beside)
    try:
        await _start(parts)
        runner = web.AppRunner(
            application(parts.gateway, tls_alone=config.web.tls_alone),
            access_log=None,
            shutdown_timeout=_SHUTDOWN_S,
            keepalive_timeout=KEEPALIVE_S,
            auto_decompress=False,  # nobody has leave to compress: it is read as it came
        )
        await runner.setup()
        try:
            gc.freeze()  # what the start made stays: walking it took 40 ms of each full collection
            doors = doors_open(runner, state, config, parts.measured)
            async with (
                doors,
                night_door_open(parts.gateway, state),
                neighbours_doors_open(runner, parts.gateway, beside),
            ):
                log.info("gateway ready", port=config.web.port)
                manager.ready(f"serving on port {config.web.port}")
                watchdog = asyncio.create_task(
                    _feed_watchdog(manager, partial(parts.stores.facts.get, "watchdog"))
                )
                watching = [
                    asyncio.create_task(_watch_clock(parts)),
                    asyncio.create_task(_watch_disk(parts)),
                ]
                await stopping.wait()
                for task in (watchdog, *watching):
                    task.cancel()
                manager.stopping()
                log.info("gateway stopping")
        finally:
            parts.gateway.live_views.end_all("The box is stopping.")
            await runner.cleanup()
    finally:
        await _stop(parts)


async def _feed_watchdog(manager: ServiceManager, work: Callable[[], Awaitable[object]]) -> None:
    """A sign of life only after `work` that a hanging disk or a blocked loop would not let by."""
    if manager.watchdog_s is None:
        return
    while True:
        await work()
        manager.alive()
        await asyncio.sleep(manager.watchdog_s / 3)


async def _watch_clock(parts: Parts) -> None:
    while True:
        await asyncio.sleep(_CLOCK_EVERY_S)
        try:
            await parts.clock_watch.tick()
        except HallvaktError as error:  # the jump itself is in the log and on the consoles
            log.warning("a jump of the clock is not in the audit log", reason=error.message)


async def _watch_disk(parts: Parts) -> None:
    while True:
        await parts.disk_watch.look()
        in_session = bool(parts.gateway.halls.in_session())
        await asyncio.sleep(IN_SESSION_S if in_session else QUIET_S)


async def _start(parts: Parts) -> None:
    """Before anybody is answered: what a crash left is known, what was erased is gone, relays of an
    earlier gateway end, exams go on."""
    notes = []
    if aside := await parts.orphans.find():
        notes.append(
            f"Stored objects without a row: {aside}. They are kept aside; tell the technician."
        )
    again = await replay_tombstones(parts.gateway.erasures.belongings)
    if again:
        log.warning("erased again after a restore", attempts=again)
    if left := await undeleted(parts.gateway.erasures.belongings):
        log.error("files of what was erased cannot be deleted", files=left)
        notes.append(
            f"Files of what was erased that cannot be deleted: {left}. Nobody is shown them; tell "
            "the technician."
        )
    parts.measured.note = " ".join(notes)
    parts.workers.start()
    await parts.relay.stop_all()
    await parts.gateway.closing.finish_unfinished()
    resumed = await parts.gateway.exam_life.resume()
    if resumed:
        log.info("exams resumed, locked until somebody logs in", exams=len(resumed))


async def _stop(parts: Parts) -> None:
    await parts.looking.close()
    await parts.workers.close()
    await parts.relay.stop_all()
    await parts.stores.close()


@contextlib.contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Raise Refused when another gateway serves this state directory."""
    (state / "run").mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(state / "run" / "gateway.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"A gateway serves {state} already: stop that one first.", code="already-running"
            ) from None
        yield
    finally:
        os.close(descriptor)


if __name__ == "__main__":
    sys.exit(main())
