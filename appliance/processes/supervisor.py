"""Runs the box's processes together in the foreground: starts them, starts again what dies, stops
all. Under systemd the units take its place.

A child dies with the supervisor, whatever way that one dies: `setpriv --pdeathsig` asks the
kernel to signal it. A child that ends with an exit code that waiting cannot mend (wrong
configuration, refused, integrity) before the box was ready ends the supervisor with that code.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from appliance.core.errors import HallvaktError, Refused, Unreachable, WrongConfiguration

log = structlog.get_logger(__name__)

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
# A child that ran this long had started well: its next death starts the pauses anew.
_STEADY_S = 60.0
_READY_S = 60.0
_STOP_S = 12.0
# A page is answered before its video is looked at. The kernel weighs a nice value of 6 as 272 and
# one of 0 as 1024 (sched_prio_to_weight): about the 100 and 400 of the units' CPUWeight.
WORKERS_GIVE_WAY = 6
_HOPELESS = frozenset({2, 3, 4, 6})  # core/errors.py


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """`death_signal` is what the kernel sends it when the supervisor dies: a name for setpriv.
    `nice`: how much it gives way to the others, as nice(1) counts."""

    name: str
    command: tuple[str, ...]
    death_signal: str = "KILL"
    nice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the box answers once it is ready: TLS on `host:port`, certified for `name`."""

    host: str
    port: int
    name: str
    authority: Path


class _GivenUp(HallvaktError):
    """A child ended in a way that starting it again does not mend."""

    def __init__(self, child: str, exit_code: int) -> None:
        super().__init__(f"The {child} does not start: its reason is the line above this one.")
        self.exit_code = exit_code


class Supervisor:
    """`run` returns when SIGTERM or SIGINT came and every child is gone."""

    def __init__(self, children: Sequence[Child], door: Door, on_ready: Callable[[], None]) -> None:
        self._children = children
        self._door = door
        self._on_ready = on_ready
        self._ready = asyncio.Event()
        self._stopping = asyncio.Event()
        self._running: dict[str, asyncio.subprocess.Process] = {}

    async def run(self) -> None:
        """Raise Unreachable when setpriv is missing, and the error of a child that cannot start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        keeping = [asyncio.create_task(self._keep(child)) for child in self._children]
        waiting = asyncio.create_task(self._wait_for_door())
        stopping = asyncio.create_task(self._stopping.wait())
        try:
            done: set[asyncio.Task[object]] = set()
            while stopping not in done:
                done, _ = await asyncio.wait(
                    [*keeping, stopping, *([] if waiting.done() else [waiting])],
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for task in done:
                    task.result()  # a child given up, or the door's own failure, ends us
        finally:
            self._stopping.set()
            waiting.cancel()
            await self._stop_all()
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, waiting, return_exceptions=True)

    async def _keep(self, child: Child) -> None:
        pause = _FIRST_PAUSE_S
        while True:
            started = time.monotonic()
            process = await self._start(child)
            exit_code = await process.wait()
            if self._stopping.is_set():
                await asyncio.Event().wait()  # until cancelled: there is nothing more to keep
            if exit_code in _HOPELESS and not self._ready.is_set():
                raise _GivenUp(child.name, exit_code)
            if time.monotonic() - started > _STEADY_S:
                pause = _FIRST_PAUSE_S
            log.warning(
                "a process ended and is started again",
                process=child.name,
                exit_code=exit_code,
                pause_s=pause,
            )
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _start(self, child: Child) -> asyncio.subprocess.Process:
        try:
            process = await asyncio.create_subprocess_exec(
                *("nice", "-n", str(child.nice)),
                *("setpriv", "--pdeathsig", child.death_signal, "--", *child.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sys.stderr,  # our own standard output says `ready` and nothing else
                start_new_session=True,  # so that Ctrl-C reaches us alone, and we stop in order
            )
        except FileNotFoundError:
            raise Unreachable("setpriv is missing: install the package util-linux.") from None
        self._running[child.name] = process
        log.info("started", process=child.name, pid=process.pid)
        return process

    async def _wait_for_door(self) -> None:
        trust = ssl.create_default_context(cafile=str(self._door.authority))
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError, ssl.SSLError, TimeoutError):
                async with asyncio.timeout(5):
                    _, writer = await asyncio.open_connection(
                        self._door.host,
                        self._door.port,
                        ssl=trust,
                        server_hostname=self._door.name,
                    )
                writer.close()
                self._ready.set()
                self._on_ready()
                return
            await asyncio.sleep(0.1)
        raise Unreachable(
            f"The box did not answer within {_READY_S:.0f} s: its reason is among the lines above.",
            code="not-ready",
        )

    async def _stop_all(self) -> None:
        """In the order of the list: the gateway first, while its workers still answer."""
        deadline = time.monotonic() + _STOP_S
        for child in self._children:
            process = self._running.get(child.name)
            if process is None or process.returncode is not None:
                continue
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(max(0.5, deadline - time.monotonic())):
                    await process.wait()
            except TimeoutError:
                log.warning("a process did not end when asked and is killed", process=child.name)
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()


def children(
    state: Path, workers: int, models: Path, *, hall_microphone: bool = False
) -> list[Child]:
    """The gateway, its media workers, and where there is one what hears the hall."""
    python = (sys.executable, "-m")
    gateway = Child(
        name="gateway",
        command=(*python, "appliance.processes.gateway", "--state", str(state)),
        # Asked, not killed: it ends its relays and its views on the way out.
        death_signal="TERM",
    )
    return [
        gateway,
        *(
            Child(
                name=f"media worker {number}",
                command=(
                    *(*python, "appliance.processes.media_worker"),
                    *("--socket", str(state / "run" / f"media-worker-{number}.sock")),
                    *("--models", str(models)),
                ),
                nice=WORKERS_GIVE_WAY,
            )
            for number in range(workers)
        ),
        *([_hall_audio(python, state, models)] if hall_microphone else []),
    ]


def _hall_audio(python: tuple[str, ...], state: Path, models: Path) -> Child:
    words = ("--state", str(state), "--models", str(models))
    return Child(
        name="hall microphone", command=(*python, "appliance.processes.hall_audio", *words)
    )


@contextlib.contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the state directory for this process; raise Refused when another one serves it."""
    try:
        descriptor = os.open(state / "run" / "serve.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise WrongConfiguration(
            f"{state / 'run'} cannot be written ({error.strerror}): run this as the box's own user."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"The box in {state} is running already: stop that one first.",
                code="already-running",
            ) from None
        yield
    finally:
        os.close(descriptor)
