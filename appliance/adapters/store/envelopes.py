"""Attempt keys as rows: sealed to recipients, and under the live key while there is one."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from appliance.adapters.store.database import Database
from appliance.core.errors import Conflict, NotFound
from appliance.core.ids import AttemptId, ExamId
from appliance.core.keys import Envelope


class Envelopes:
    """Implements `core.ports.EnvelopeStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, envelopes: Sequence[Envelope], under_live: bytes | None) -> None:
        """All envelopes are of one epoch; Conflict when that epoch exists: a key is made once."""
        epochs = {(e.exam_id, e.attempt_id, e.epoch) for e in envelopes}
        if len(epochs) != 1:
            raise Conflict("Envelopes of one key belong to one attempt and one epoch.")
        (exam, attempt, epoch) = epochs.pop()
        rows = [(e.exam_id, e.attempt_id, e.epoch, e.recipient_id, e.sealed_key) for e in envelopes]

        def insert(connection: apsw.Connection) -> None:
            try:
                connection.execute(
                    "INSERT INTO epochs VALUES (?, ?, ?, ?)", (exam, attempt, epoch, under_live)
                )
                connection.executemany("INSERT INTO envelopes VALUES (?, ?, ?, ?, ?)", rows)
            except apsw.ConstraintError as error:
                raise Conflict("This attempt already has a key of that epoch.") from error

        await self._database.run(insert)

    async def set_under_live(self, attempt: AttemptId, epoch: int, wrapped: bytes) -> None:
        """Raises NotFound when there is no such epoch."""

        def update(connection: apsw.Connection) -> None:
            connection.execute(
                "UPDATE epochs SET under_live = ? WHERE attempt_id = ? AND epoch = ?",
                (wrapped, attempt, epoch),
            )
            if connection.changes() == 0:
                raise NotFound("This attempt has no key of that epoch.")

        await self._database.run(update)

    async def of_attempt(self, attempt: AttemptId) -> Sequence[Envelope]:
        """By epoch."""
        return await self._database.read(
            lambda connection: [
                Envelope(
                    exam_id=row[0],
                    attempt_id=row[1],
                    epoch=row[2],
                    recipient_id=row[3],
                    sealed_key=row[4],
                )
                for row in connection.execute(
                    "SELECT exam_id, attempt_id, epoch, recipient_id, sealed_key FROM envelopes "
                    "WHERE attempt_id = ? ORDER BY epoch, recipient_id",
                    (attempt,),
                )
            ]
        )

    async def under_live(self, exam: ExamId) -> Sequence[tuple[AttemptId, int, bytes]]:
        return await self._database.read(
            lambda connection: [
                (AttemptId(attempt), int(epoch), bytes(wrapped))
                for attempt, epoch, wrapped in connection.execute(
                    "SELECT attempt_id, epoch, under_live FROM epochs "
                    "WHERE exam_id = ? AND under_live IS NOT NULL ORDER BY attempt_id, epoch",
                    (exam,),
                )
            ]
        )

    async def forget_live(self, exam: ExamId) -> None:
        """Idempotent; also out of the write-ahead log."""
        await self._database.run(
            lambda connection: connection.execute(
                "UPDATE epochs SET under_live = NULL WHERE exam_id = ?", (exam,)
            )
        )
        await self._database.scrub()

    async def delete(self, attempt: AttemptId) -> None:
        """Every epoch and envelope of the attempt: nobody opens its objects any more. Idempotent;
        also out of the write-ahead log."""
        await self._database.run(
            lambda connection: connection.execute(
                "DELETE FROM epochs WHERE attempt_id = ?", (attempt,)
            )
        )
        await self._database.scrub()

    async def last_epoch(self, attempt: AttemptId) -> int:
        return await self._database.read(
            lambda connection: int(
                connection.execute(
                    "SELECT coalesce(max(epoch), 0) FROM epochs WHERE attempt_id = ?", (attempt,)
                ).get
            )
        )
