"""The night's process: ciphertext and records to the cloud. It never sees a key.

`python -m appliance.processes.syncer --state DIR` does what `hallvakt sync run` does.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.cloud.names import crc32c
from appliance.adapters.cloud.residency import check_location
from appliance.adapters.crypto import signing
from appliance.adapters.crypto.deterministic import decode, encode
from appliance.adapters.host.clock import SystemClock
from appliance.adapters.host.memory import give_back_large_blocks
from appliance.adapters.host.randomness import SystemRandomness
from appliance.adapters.store.packs import Packs
from appliance.adapters.store.stores import Stores, open_stores
from appliance.adapters.store.uploads import UploadRows
from appliance.config.box import BoxConfig
from appliance.core.batch import PACK_BYTES, PACK_BYTES_WHOLE
from appliance.core.errors import IntegrityFailure, WrongState
from appliance.core.exam import ExamState
from appliance.core.ids import AttemptId, ExamId, PackName
from appliance.core.ports import Clock
from appliance.processes.cloud_ends import CloudEnds, as_verifier, check_both_ends, cloud_ends
from appliance.processes.erased_state import belongings, replay_with_cloud
from appliance.processes.gateway_signer import GatewaySigner
from appliance.processes.night_parts import night_of
from appliance.processes.trusted_hosts import load_box
from appliance.processes.unlisted import orphans
from appliance.services.archive_listing import Listed, walk
from appliance.services.batching import Batching
from appliance.services.manifest_writer import ManifestWriter
from appliance.services.night_plan import Night
from appliance.services.orphans import Orphans
from appliance.services.paced_line import PacedLine
from appliance.services.recording import Recording
from appliance.services.report_due import ReportDue
from appliance.services.signing import Signer
from appliance.services.sync import BoxRows, Sync, SyncReport
from appliance.services.tombstones import replay_tombstones
from appliance.services.uploading import CONTENT_BYTES, CONTENT_BYTES_S3
from appliance.services.verify_archive import Verified, draw, verify_archive
from appliance.shared_data import file_mode, make_directory

# Of each exam, before it is confirmed: at most 32 MiB come down again.
READ_BACK_PACKS = 2
# What night, janitor and drill share while they work; `run` itself is the gateway's.
SHARED = Path("run") / "night"
SYNC_LOCK = SHARED / "sync.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Syncer:
    """One box's night, composed. Open it with `syncer`."""

    config: BoxConfig
    stores: Stores
    journal: Packs
    batching: Batching
    night: Night
    signer: Signer
    orphans: Orphans
    state: Path
    reach: Callable[..., AbstractAsyncContextManager[CloudEnds]] = cloud_ends
    clock: Clock = field(default_factory=SystemClock)  # by which windows open and close

    async def run(
        self,
        progress: Callable[[int, int], None],
        *,
        reason: str = "",
        person: str = "box",
        by_timer: bool = False,
        on_sent: Callable[[int], None] = lambda count: None,
    ) -> SyncReport:
        """`reason` sends outside the windows and in spite of a pause, and is audited under the id
        of `person`; `by_timer` says to the fleet that the round was made.

        Raise Refused outside a window and while paused, WrongState while another run is going on.
        """
        night = self.config.night
        line = PacedLine(
            night.windows,
            self.clock,
            paused=self.night.paused,
            zone=night.zone,
            forced=bool(reason),
            on_sent=on_sent,
        )
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(alone(self.state / SYNC_LOCK))
            if by_timer:
                await self.report_due.round_begins()
            if reason:
                await self.stores.audit.append(person, "sync.forced", "archive", reason)
            uploads = UploadRows(self.stores.box)
            ends = await stack.enter_async_context(
                self.reach(self.config.cloud, uploads=uploads, line=line)
            )
            await line.ready()
            if by_timer:
                await self.report_due.let_in()
            started = time.monotonic()
            report = await self._sync(ends, line, progress).run()
            if by_timer and not report.packs and not report.exams:
                await self.report_due.did_nothing()
            took_s = time.monotonic() - started
            await self.night.remember_speed(report.bytes, took_s, held_back_s=line.held_back_s)
            for exam in report.exams:
                await self.night.learn(exam)
            return report

    @property
    def report_due(self) -> ReportDue:
        """Whether the fleet is to hear of the timer's last round."""
        return ReportDue(
            self.stores.facts,
            self.clock,
            windows=self.config.night.windows,
            zone=self.config.night.zone,
        )

    async def verify(self, *, packs: int | None = None) -> list[Verified]:
        """Every exam that was sent, read back whole, or `packs` of each exam drawn at random and
        the rest by size; raise IntegrityFailure at the first fault.

        Only keys of this box are believed, and the last manifest must be the one in its journal,
        so an older state of the cloud does not pass either.
        """
        verified = []
        async with self.reach(as_verifier(self.config.cloud)) as ends:
            await check_both_ends(ends, self.config.cloud)
            for exam in await self.stores.exams.all():
                if exam.state is ExamState.ARCHIVED:
                    verified.append(await self._verify(ends, exam.exam_id, packs))
        if verified:
            await self.night.remember_verified()
        return verified

    async def _read_back(self, exam: ExamId) -> Verified:
        """What decides, with everything else, whether this night's work is confirmed."""
        async with self.reach(as_verifier(self.config.cloud)) as ends:
            await check_both_ends(ends, self.config.cloud)
            return await self._verify(ends, exam, READ_BACK_PACKS)

    async def listed(self, ends: CloudEnds, exam: ExamId) -> AsyncIterator[Listed]:
        """What the cloud has of an exam, manifest by manifest, as long as it is exactly what this
        box has signed or adopted."""
        mine = self.journal.manifests(exam)
        own = await anext(mine, None)
        trusted = [own.public_key] if own else []
        async for listed in walk(
            ends.records, exam, verify=signing.verify, decode=decode, trusted=trusted
        ):
            if own is None or (own.name, own.payload) != (listed.name, listed.signed["payload"]):
                raise _other_manifests()
            yield listed
            own = await anext(mine, None)
        if own is not None:
            raise _other_manifests()

    async def sample(self, exam: ExamId, packs: int) -> frozenset[PackName]:
        """`packs` of the exam's, drawn anew; of none that was erased."""
        gone = await self._erased(exam)
        heads = [h for h in await self.journal.heads(exam) if h.attempt_id not in gone]
        return draw([head.name for head in heads], packs, SystemRandomness())

    async def _erased(self, exam: ExamId) -> set[AttemptId]:
        stones = await self.journal.tombstones()
        return {stone.attempt_id for stone in stones if stone.exam_id == exam}

    async def _verify(self, ends: CloudEnds, exam: ExamId, packs: int | None) -> Verified:
        return await verify_archive(
            ends.objects,
            self.listed(ends, exam),
            encode=encode,
            erased=await self._erased(exam),
            sample=None if packs is None else await self.sample(exam, packs),
        )

    def _check_location(self, location: str) -> str:
        return check_location(location, self.config.cloud.trusted_locations)

    def _sync(self, ends: CloudEnds, line: PacedLine, progress: Callable[[int, int], None]) -> Sync:
        clock, randomness = SystemClock(), SystemRandomness()
        writer = ManifestWriter(
            self.journal,
            self.stores.audit,
            self.signer,
            box_id=self.config.box_id,
            encode=encode,
            decode=decode,
            clock=clock,
            randomness=randomness,
        )
        rows = BoxRows(
            exams=self.stores.exams,
            attempts=self.stores.attempts,
            snippets=self.stores.snippets,
            envelopes=self.stores.envelopes,
            journal=self.journal,
            audit=self.stores.audit,
        )
        recording = Recording(
            self.journal,
            ends.objects,
            ends.records,
            line,
            box_id=self.config.box_id,
            encode=encode,
            decode=decode,
            clock=clock,
            read_back=self._read_back,
        )
        return Sync(
            rows,
            self.batching,
            writer,
            recording,
            ends.objects,
            ends.records,
            line,
            box_id=self.config.box_id,
            check_location=self._check_location,
            clock=clock,
            replay=lambda: replay_with_cloud(
                self.state, self.config.box_id, self.stores, ends.records
            ),
            settle=self.orphans.settle,
            crc32c=crc32c,
            content_bytes=CONTENT_BYTES_S3 if self.config.cloud.objects == "s3" else CONTENT_BYTES,
            progress=progress,
        )


def _other_manifests() -> IntegrityFailure:
    return IntegrityFailure("The cloud copy holds other manifests than this box wrote.")


@asynccontextmanager
async def syncer(
    state: Path,
    *,
    signer: Signer | None = None,
    reach: Callable[..., AbstractAsyncContextManager[CloudEnds]] = cloud_ends,
) -> AsyncIterator[Syncer]:
    """`signer` replaces the gateway's socket where the gateway is this very process; `reach` opens
    both ends of the cloud."""
    give_back_large_blocks()
    config = await asyncio.to_thread(load_box, state)
    stores = await asyncio.to_thread(open_stores, state)
    try:
        await replay_tombstones(await asyncio.to_thread(belongings, state, stores))
        journal = Packs(stores.box)
        blobs = await asyncio.to_thread(DirectoryBlobs, state / "blobs")
        batching = Batching(
            stores.attempts,
            stores.snippets,
            blobs,
            journal,
            SystemRandomness(),
            pack_bytes=PACK_BYTES if config.cloud.objects == "gcs" else PACK_BYTES_WHOLE,
        )
        yield Syncer(
            config=config,
            stores=stores,
            journal=journal,
            batching=batching,
            night=night_of(config, stores),
            signer=signer or GatewaySigner(state),
            orphans=orphans(stores, blobs, SystemClock(), config.box_id),
            state=state,
            reach=reach,
        )
    finally:
        await stores.close()


@asynccontextmanager
async def alone(path: Path) -> AsyncIterator[None]:
    """Hold the lock file while the block runs; the kernel lets go of it when the process dies."""
    descriptor = await asyncio.to_thread(_lock, path)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    make_directory(path.parent)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, file_mode(path.parent))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise WrongState("Another run is going on: wait until it is done.", code="busy") from None
    return descriptor


if __name__ == "__main__":
    from appliance.cli.main import run

    sys.exit(run(["sync", "run", *sys.argv[1:]]))
