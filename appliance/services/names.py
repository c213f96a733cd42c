"""Names, apart from everything else: one sealed object per exam in the identity store, opened
into memory while the exam is in session and forgotten at close (DESIGN ruling 4)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from appliance.core.errors import HallvaktError, IntegrityFailure, Locked
from appliance.core.exam import Exam
from appliance.core.ids import AttemptId, BoxId, ExamId
from appliance.core.ports import IdentityStore, Sealing
from appliance.core.roles import Action, Object, Person, authorise
from appliance.core.snippet import ObjectHeader, ObjectKind
from appliance.services.feed import NameBook
from appliance.services.key_ring import KeyRing


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    name: str
    number: str


class Names:
    def __init__(
        self, store: IdentityStore, sealing: Sealing, keys: KeyRing, box_id: BoxId
    ) -> None:
        self._store = store
        self._sealing = sealing
        self._keys = keys
        self._box_id = box_id
        self._open: dict[ExamId, Mapping[AttemptId, Identity]] = {}

    async def keep(self, exam: ExamId, identities: Mapping[AttemptId, Identity]) -> None:
        """Seal and store the names of a roster in place of the ones before."""
        plain = json.dumps(
            {
                attempt: {"name": who.name, "number": who.number}
                for attempt, who in identities.items()
            },
            ensure_ascii=False,
            sort_keys=True,
        ).encode()
        key = await self._keys.identity_key(exam)
        await self._store.put(exam, self._sealing.seal(key, self._header(exam), plain))
        self._open.pop(exam, None)

    async def all(self, exam: ExamId) -> Mapping[AttemptId, Identity]:
        """Raise Locked when nobody has logged in since the box was started, or after close."""
        if exam not in self._open:
            sealed = await self._store.get(exam)
            if sealed is None:
                return {}
            key = await self._keys.identity_key(exam)
            self._open[exam] = decode_names(self._sealing.open(key, self._header(exam), sealed))
        return self._open[exam]

    async def drop(self, exam: ExamId, attempt: AttemptId) -> None:
        """Seal the names anew without this attempt's. Idempotent; raise Locked like `all`."""
        left = {one: who for one, who in (await self.all(exam)).items() if one != attempt}
        if len(left) != len(await self.all(exam)):
            await self.keep(exam, left)

    async def book_for(self, person: Person, exam: Exam) -> NameBook | None:
        """How this person's console learns names; None when this person may not see any.

        The book is asked at each message, so it goes on to answer (or to be silent) as the exam
        is unlocked, locked and closed.
        """
        try:
            authorise(person, Action.NAMES_SEE, Object(exam_id=exam.exam_id, exam_state=exam.state))
        except HallvaktError:
            return None
        with suppress(Locked):
            await self.all(exam.exam_id)

        def look_up(attempt: AttemptId) -> tuple[str, str] | None:
            who = self._open.get(exam.exam_id, {}).get(attempt)
            return (who.name, who.number) if who else None

        return look_up

    def forget(self, exam: ExamId) -> None:
        self._open.pop(exam, None)

    def _header(self, exam: ExamId) -> ObjectHeader:
        return ObjectHeader(
            kind=ObjectKind.IDENTITY,
            box_id=self._box_id,
            exam_id=exam,
            attempt_id=AttemptId(exam),
            sequence=0,
            epoch=0,
        )


def decode_names(plain: bytes) -> Mapping[AttemptId, Identity]:
    """Names by attempt, out of the opened object; raise IntegrityFailure for another shape."""
    try:
        return {
            AttemptId(attempt): Identity(name=who["name"], number=who["number"])
            for attempt, who in json.loads(plain).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityFailure("The names of this exam cannot be read.") from error
