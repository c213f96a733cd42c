"""The box as a whole: how it is, the once-a-second round, and its signature."""

from __future__ import annotations

import platform
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from appliance.core.disk import DiskState
from appliance.core.feed import BoxStatus, HallMicrophoneState, NightLine
from appliance.core.ids import BoxId, ExamId
from appliance.core.keys import PepperKeeping
from appliance.core.overload import LeftOut
from appliance.core.ports import BlobStore, Clock, MediaWorkers, Relay
from appliance.services.hall import Halls
from appliance.services.hall_microphone import HallMicrophone
from appliance.services.key_ring import KeyRing
from appliance.services.looking import Looking
from appliance.services.watch import Watch

_DISK_EVERY_S = 5.0
_SETTLE_EVERY_S = 10.0
_NIGHT_EVERY_S = 60.0

Sign = Callable[[str, bytes], bytes]


@dataclass(slots=True)
class Measured:
    """What was last measured; consoles are told from here without anything being asked."""

    relays: set[ExamId] = field(default_factory=set)
    disk_used_percent: int = 0
    consoles: int = 0
    workers: int = 0
    backlog: int = 0
    worker_failures: int = 0
    hall_microphone: dict[ExamId, HallMicrophoneState] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()
    note: str = ""
    night: NightLine | None = None
    disk: DiskState = DiskState.OK

    def noted(self, sentence: str, holds: bool) -> None:
        """It stands among the notes while it holds, the newest first."""
        others = self.note.replace(sentence, "").strip()
        self.note = f"{sentence} {others}".strip() if holds else others

    def status(self, exam: ExamId, *, unlocked: bool) -> BoxStatus:
        return BoxStatus(
            relay=exam in self.relays,
            disk_used_percent=self.disk_used_percent,
            consoles=self.consoles,
            workers=self.workers,
            backlog=self.backlog,
            unlocked=unlocked,
            note=self.note,
            worker_failures=self.worker_failures,
            hall_microphone=self.hall_microphone.get(exam, HallMicrophoneState.OFF),
            night=self.night,
            left_out=self.left_out,
            disk=self.disk,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AboutBox:
    """`BoxStatus` over all exams in session, and what runs here. `pepper`: whether live keys are
    bound to a credential of this machine."""

    relay: bool
    disk_used_percent: int
    consoles: int
    workers: int
    backlog: int
    unlocked: bool
    note: str
    worker_failures: int
    hall_microphone: HallMicrophoneState
    night: NightLine | None
    left_out: tuple[LeftOut, ...]
    disk: DiskState
    box_id: BoxId
    name: str
    version: str
    python: str
    exams_in_session: int
    pepper: PepperKeeping


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureMade:
    """`signature` base64 of Ed25519 over purpose and payload (FORMAT.md section 5); `key_id` the
    first 16 bytes of SHA-256 of `public_key`, which is base64 of 32 bytes."""

    signature: str
    key_id: str
    public_key: str


class Box:
    """`disk_bytes` is the size of the disk that holds the blobs; `night` says what waits to be
    sent, and is asked once a minute."""

    def __init__(
        self,
        *,
        box_id: BoxId,
        name: str,
        version: str,
        measured: Measured,
        halls: Halls,
        looking: Looking,
        watch: Watch,
        workers: MediaWorkers,
        relay: Relay,
        blobs: BlobStore,
        keys: KeyRing,
        microphone: HallMicrophone,
        clock: Clock,
        disk_bytes: int,
        night: Callable[[], Awaitable[NightLine | None]],
        sign: Sign,
        key_id: str,
        public_key: bytes,
        pepper: PepperKeeping = PepperKeeping.FILE,
    ) -> None:
        self._box_id = box_id
        self._name = name
        self._version = version
        self._measured = measured
        self._halls = halls
        self._looking = looking
        self._watch = watch
        self._workers = workers
        self._relay = relay
        self._blobs = blobs
        self._keys = keys
        self._microphone = microphone
        self._clock = clock
        self._disk_bytes = disk_bytes
        self._night = night
        self._sign = sign
        self._key_id = key_id
        self._public_key = public_key
        self._pepper = pepper
        self._disk_at = self._settled_at = self._night_at = float("-inf")

    async def tick(self) -> None:
        """Once a second: measure, then let the halls tell what changed."""
        measured, now = self._measured, self._clock.monotonic()
        exams = self._halls.in_session()
        measured.relays = {exam for exam in exams if await self._relay.running(exam)}
        measured.consoles = self._halls.consoles
        measured.workers = self._workers.alive
        measured.worker_failures = self._workers.failed
        measured.backlog = self._looking.backlog
        self._looking.tick(measured.workers)
        measured.left_out = self._looking.left_out
        await self._microphone.tick()
        measured.hall_microphone = {exam: self._microphone.state(exam) for exam in exams}
        if now - self._disk_at >= _DISK_EVERY_S:
            self._disk_at = now
            used = 1 - await self._blobs.free_bytes() / self._disk_bytes
            measured.disk_used_percent = round(100 * max(0.0, min(1.0, used)))
        if now - self._night_at >= _NIGHT_EVERY_S:
            self._night_at = now
            measured.night = await self._night()
        if now - self._settled_at >= _SETTLE_EVERY_S:
            self._settled_at = now
            for exam in exams:
                await self._watch.settle(exam)
        self._halls.tick()

    async def about(self) -> AboutBox:
        exams = self._halls.in_session()
        m = self._measured
        return AboutBox(
            relay=bool(exams) and all(exam in m.relays for exam in exams),
            disk_used_percent=m.disk_used_percent,
            consoles=self._halls.consoles,
            workers=self._workers.alive,
            backlog=self._looking.backlog,
            unlocked=all(self._keys.unlocked(exam) for exam in exams),
            note=m.note,
            worker_failures=self._workers.failed,
            hall_microphone=self._microphone.overall(),
            night=m.night,
            left_out=self._looking.left_out,
            disk=m.disk,
            box_id=self._box_id,
            name=self._name,
            version=self._version,
            python=platform.python_version(),
            exams_in_session=len(exams),
            pepper=self._pepper,
        )

    async def sign(self, purpose: str, payload: bytes) -> SignatureMade:
        """With the box's own key, which does not leave this process."""
        return SignatureMade(
            signature=b64encode(self._sign(purpose, payload)).decode(),
            key_id=self._key_id,
            public_key=b64encode(self._public_key).decode(),
        )
