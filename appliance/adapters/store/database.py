"""One SQLite file, one connection, one thread.

Every job runs in that thread, so SQLite never blocks the event loop and no two jobs of a process
interleave. Jobs that wait while the disk is busy share the next transaction (group commit): each
runs in a savepoint of its own, and all are answered after the one COMMIT, which in WAL mode with
`synchronous=FULL` is one fsync. An answer therefore means: on disk.

Gateway and syncer open the same files from different processes; SQLite's locks and the busy
timeout keep them apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import apsw
import msgspec

from appliance.adapters.store.failures import SqliteFailure, damaged, translate
from appliance.adapters.store.schema import connect, create, migrate
from appliance.core.errors import HallvaktError, Unreachable
from appliance.whole_file import unwritable

T = TypeVar("T")

# More would only make the first of the waiting jobs wait longer for its answer.
_LARGEST_GROUP = 64


@dataclass(slots=True)
class _Job:
    work: Callable[[apsw.Connection], Any]
    writes: bool
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None

    def deliver(self) -> None:
        """Hand result or error to the waiting task; a task that gave up is left alone."""

        def settle() -> None:
            if self.answer.done():
                return
            if self.error is not None:
                self.answer.set_exception(self.error)
            else:
                self.answer.set_result(self.result)

        try:
            self.loop.call_soon_threadsafe(settle)
        except RuntimeError:
            return  # the loop was closed: nobody waits any more


class Database:
    """Open (and, where there is none, create) the database at `path`.

    `migrations` names the folder of numbered SQL files under `store/migrations`. The constructor
    reads the disk and may take a moment: call it before the event loop serves, or in a thread.
    Raises IntegrityFailure for a damaged file, WrongConfiguration for one that a newer version
    has written, NoRoom when the disk is full.
    """

    def __init__(self, path: Path, *, migrations: str) -> None:
        self.path = path
        try:
            create(path, migrations)
            self._connection = connect(path)
            try:
                migrate(self._connection, migrations)
            except BaseException:
                self._connection.close(True)
                raise
        except apsw.Error as error:
            raise translate(error, path) from error
        except OSError as error:
            raise unwritable(path, error) from error
        self._broken: HallvaktError | None = None
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._serve, name=f"store-{path.stem}", daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run `work` in a write transaction; durable when this returns.

        What `work` raises is raised here, and nothing that it did is kept. `work` may not commit
        or roll back. A caller that is cancelled does not undo work already handed over.
        """
        return await self._ask(work, writes=True)

    async def read(self, work: Callable[[apsw.Connection], T]) -> T:
        """Run `work` on a consistent state of the file without taking the write lock."""
        return await self._ask(work, writes=False)

    async def scrub(self) -> None:
        """Move everything out of the write-ahead log and cut that file to nothing, so that
        deleted rows (overwritten in the database by `secure_delete`) do not stay there."""
        await self._ask(_truncate_log, writes=False)

    @property
    def failed(self) -> bool:
        """Whether nothing more is written until the process is started again."""
        return self._broken is not None

    async def close(self) -> None:
        """Finish the jobs already handed over, then let go of the file. Idempotent."""
        await asyncio.to_thread(self.close_blocking)

    def close_blocking(self) -> None:
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()

    async def _ask(self, work: Callable[[apsw.Connection], T], *, writes: bool) -> T:
        if self._closed:
            raise Unreachable("The box's database is closed: start the box again.")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        self._jobs.put(_Job(work, writes, loop, answer))
        return await answer

    # --- in the thread ---------------------------------------------------------------------

    def _serve(self) -> None:
        open_for_more = True
        while open_for_more:
            group: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                group.append(job)
                if job.work is _truncate_log or len(group) == _LARGEST_GROUP:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            open_for_more = job is not None
            self._answer(group)
        self._connection.close()

    def _answer(self, group: list[_Job]) -> None:
        # The log cannot be cut inside a transaction, so that job ends a group and runs after it.
        alone = [job for job in group if job.work is _truncate_log]
        together = [job for job in group if job.work is not _truncate_log]
        if together:
            self._run_together(together)
        for job in alone:
            try:
                job.work(self._connection)
            except apsw.Error as error:
                job.error = self._failure(error)
        for job in group:
            job.deliver()

    def _run_together(self, jobs: list[_Job]) -> None:
        """In one transaction. A write that fails takes the other writes with it and no read: what
        was committed before is whole, and is seen again from a transaction of its own."""
        reads = [job for job in jobs if not job.writes]
        writes = [job for job in jobs if job.writes]
        if writes and self._broken is None:
            if self._run_in_one_transaction(jobs):
                return
            for job in reads:
                job.result = job.error = None
        else:
            for job in writes:
                job.error = self._broken
        if reads:
            self._run_in_one_transaction(reads)

    def _run_in_one_transaction(self, jobs: list[_Job]) -> bool:
        """False: none of it is kept, and every job has its error."""
        connection = self._connection
        try:
            writes = any(job.writes for job in jobs)
            connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN DEFERRED")
            for job in jobs:
                self._run_in_savepoint(job)
            connection.execute("COMMIT")
        except apsw.Error as error:
            # The transaction as a whole is lost: whoever had not failed already fails now.
            with contextlib.suppress(apsw.Error):
                connection.execute("ROLLBACK")  # SQLite may have done so itself
            failure = self._failure(error)
            for job in jobs:
                job.error = job.error or failure
            return False
        return True

    def _run_in_savepoint(self, job: _Job) -> None:
        connection = self._connection
        connection.execute("SAVEPOINT job")
        try:
            job.result = job.work(connection)
        except Exception as error:  # whatever it is, the task that awaits this job gets it
            if not connection.in_transaction:
                # A full disk or a failed write made SQLite roll the whole transaction back.
                raise (error if isinstance(error, apsw.Error) else apsw.AbortError()) from error
            connection.execute("ROLLBACK TO job")
            job.error = self._failure(error)
        connection.execute("RELEASE job")

    def _failure(self, error: Exception) -> Exception:
        if isinstance(error, msgspec.DecodeError):
            return damaged(self.path)
        if not isinstance(error, apsw.Error):
            return error
        failure = translate(error, self.path)
        if isinstance(failure, SqliteFailure):
            # After a failed write or fsync nobody knows what is on disk (the kernel may have
            # dropped the dirty pages): no write is tried again, and each is told so until the box
            # is started again. Reads go on, what failed never became visible to them.
            self._broken = failure
        return failure


def _truncate_log(connection: apsw.Connection) -> None:
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
