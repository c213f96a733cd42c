"""`ports.Relay` on coturn: one process, one secret and one relay address per live exam."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from appliance.adapters.relay import probe
from appliance.adapters.relay.configuration import RelayPlan, RelaySlot, render, slot
from appliance.adapters.relay.credentials import LONGEST_LIFE_S, ephemeral
from appliance.adapters.relay.lint import checked
from appliance.adapters.relay.place import Children, RelayFiles, RelayPlaces, RelayProcess
from appliance.core.errors import HallvaktError, Unreachable
from appliance.core.ids import ExamId, ViewId
from appliance.core.ports import Clock, IceServer, Randomness

_READY_S = 15.0  # a start takes a fraction of that, also of a unit, on a machine that has time
_OLD_ONE_GONE_S = 1.5
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_LOG = structlog.get_logger("relay")


@dataclass(slots=True)
class _Running:
    number: int
    share: RelaySlot
    process: RelayProcess
    secret: str = field(repr=False)


class Coturn:
    """Keeps each exam's coturn under `run/relay-EXAM`; nothing of it outlives `stop`. One that dies
    by itself is replaced.

    A new object does not know what an earlier one started: `start` and `stop` first end a process
    left behind for that exam, and `stop_all` every one of them.
    """

    def __init__(
        self,
        plan: RelayPlan,
        *,
        run: Path,
        clock: Clock,
        randomness: Randomness,
        credential_s: int = LONGEST_LIFE_S,
        places: RelayPlaces | None = None,
        own_addresses: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        """`places`: where coturn runs; a child of this process when not given. `own_addresses`: as
        `render` takes them, asked at each start."""
        self._plan = plan
        self._run = run
        self._clock = clock
        self._randomness = randomness
        self._credential_s = credential_s
        self._places = places or Children()
        self._own_addresses = own_addresses
        self._near = "127.0.0.1" if plan.listen == "0.0.0.0" else plan.listen
        self._exams: dict[ExamId, _Running] = {}
        self._keepers: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    async def start(self, exam: ExamId) -> None:
        """With a new secret; idempotent while it runs, and the way to replace one that died.

        Raise Unreachable when coturn is missing or does not answer, WrongConfiguration when
        more exams are live than the plan has room for.
        """
        async with self._turn:
            await self._start(exam)

    async def stop(self, exam: ExamId) -> None:
        async with self._turn:
            await self._end(exam)

    async def stop_all(self) -> None:
        """End every relay of this box, also those of an earlier gateway (start and shutdown)."""
        async with self._turn:
            left = await asyncio.to_thread(lambda: [p.name for p in self._run.glob("relay-*")])
            for exam in {ExamId(name.removeprefix("relay-")) for name in left} | set(self._exams):
                await self._end(exam)

    async def running(self, exam: ExamId) -> bool:
        known = self._exams.get(exam)
        return known is not None and not known.process.ended

    async def gone(self, exam: ExamId) -> None:
        known = self._exams.get(exam)
        if known is not None:
            await known.process.wait()

    def credential(self, exam: ExamId, view: ViewId, *, host: str) -> IceServer:
        known = self._exams.get(exam)
        if known is None or known.process.ended:
            raise Unreachable("The relay is not running: live views open again when it is back.")
        place = f"[{host}]" if ":" in host else host
        urls = [
            f"turn:{place}:{known.share.port}?transport=udp",
            f"turn:{place}:{known.share.port}?transport=tcp",
        ]
        if known.share.tls_port is not None:
            urls.append(f"turns:{place}:{known.share.tls_port}?transport=tcp")
        return ephemeral(
            known.secret,
            view,
            urls=tuple(urls),
            now_ms=self._clock.now_ms(),
            life_s=self._credential_s,
        )

    async def _start(self, exam: ExamId) -> None:
        if await self.running(exam):
            return
        await self._end(exam)
        secret = self._randomness.secret(32).hex()
        number = self._free_number()
        for attempt in range(3):
            share = self._share(number)
            if not await self._free(share):
                # coturn would share the port silently, and lose half of the requests.
                raise Unreachable(
                    f"Port {share.port} is in use, so the relay cannot start: end the other "
                    "program, or change relay.port."
                )
            directory = self._directory(exam)
            process = await self._places.start(directory, self._rendering(share, secret))
            if await self._ready(process, share):
                break
            await process.end()
            _LOG.warning("relay did not answer", port=share.port, attempt=attempt)
        else:
            await self._places.remove(self._directory(exam))
            raise Unreachable(
                f"The relay did not answer on port {share.port}: check that "
                f"{self._plan.listen} and {share.relay_address} are addresses of this machine."
            )
        running = self._exams[exam] = _Running(number, share, process, secret)
        keeper = asyncio.create_task(self._keep(exam, running))
        self._keepers.add(keeper)
        keeper.add_done_callback(self._keepers.discard)
        _LOG.info("relay started", exam=exam, port=share.port)

    async def _keep(self, exam: ExamId, running: _Running) -> None:
        """Wait for the end of this process; replace it unless `stop` or `start` came first."""
        await running.process.wait()
        pause = _FIRST_PAUSE_S
        while self._exams.get(exam) is running:
            _LOG.warning("relay ended and is started again", exam=exam, pause_s=pause)
            await asyncio.sleep(pause)
            async with self._turn:
                if self._exams.get(exam) is not running:
                    return
                try:
                    await self._start(exam)
                except (HallvaktError, OSError) as error:
                    _LOG.warning("relay not started", exam=exam, why=str(error))
                    self._exams[exam] = running  # so that it is tried again until `stop`
            pause = min(2 * pause, _LONGEST_PAUSE_S)

    async def _end(self, exam: ExamId) -> None:
        known = self._exams.pop(exam, None)
        if known is not None:
            await known.process.end()
            _LOG.info("relay stopped", exam=exam)
        else:
            await self._places.end_orphan(self._directory(exam))
        await self._places.remove(self._directory(exam))

    async def _ready(self, process: RelayProcess, share: RelaySlot) -> bool:
        deadline = asyncio.get_running_loop().time() + _READY_S
        while not process.ended and asyncio.get_running_loop().time() < deadline:
            if await probe.answers(self._near, share.port):
                return not process.ended
            await asyncio.sleep(0.05)
        return False

    def _rendering(self, share: RelaySlot, secret: str) -> Callable[[RelayFiles], str]:
        def text(files: RelayFiles) -> str:
            plan = self._plan
            if files.certificate is not None:
                plan = replace(plan, certificate=files.certificate, private_key=files.private_key)
            own = self._own_addresses()
            directory = files.directory
            return checked(
                render(plan, share, secret=secret, directory=directory, own_addresses=own)
            )

        return text

    async def _free(self, share: RelaySlot) -> bool:
        """Whether nobody holds the port; some time for a relay of an earlier gateway, which ends
        when that gateway does."""
        deadline = asyncio.get_running_loop().time() + _OLD_ONE_GONE_S
        while not probe.is_free(self._plan.listen, share.port):
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.05)
        return True

    def _share(self, number: int) -> RelaySlot:
        if self._plan.port:
            return slot(self._plan, number)
        return slot(self._plan, number, port=probe.free_port(self._plan.listen))

    def _free_number(self) -> int:
        taken = {known.number for known in self._exams.values()}
        return next(number for number in range(len(taken) + 1) if number not in taken)

    def _directory(self, exam: ExamId) -> Path:
        return self._run / f"relay-{exam}"
