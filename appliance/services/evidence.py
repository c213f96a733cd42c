"""What an invigilator may look at during the exam: a seat's incidents, its latest still, its
photo, stills of one snippet. Each look is authorised for exactly that attempt (`AttemptFor`),
written into the audit log, and only then opened. Newest stills fetched one after the other by one
person are one look (`services/looks.py`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.core.errors import BadMedia, NotFound, Unreachable
from appliance.core.feed import SeatStatus
from appliance.core.incident import is_withdrawn
from appliance.core.messages import FilmStripMade, MakeFilmStrip, WorkerFailed
from appliance.core.observation import Incident
from appliance.core.ports import MediaWorkers, ObservationStore, SnippetStore
from appliance.core.snippet import ObjectKind
from appliance.services.access import Access, AttemptFor
from appliance.services.feed import NameBook, named
from appliance.services.hall import Halls
from appliance.services.looks import Looks
from appliance.services.portraits import Portraits
from appliance.services.sealed_objects import SealedObjects

MOST_LISTED = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class SnippetLine:
    sequence: int
    started_ms: int
    duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDetail:
    """`snippets`: the latest `MOST_LISTED`, oldest first."""

    seat: SeatStatus
    incidents: tuple[Incident, ...]
    snippets: tuple[SnippetLine, ...]


class EvidenceRoom:
    def __init__(
        self,
        *,
        access: Access,
        snippets: SnippetStore,
        observations: ObservationStore,
        objects: SealedObjects,
        portraits: Portraits,
        workers: MediaWorkers,
        halls: Halls,
        looks: Looks,
    ) -> None:
        self._access = access
        self._snippets = snippets
        self._observations = observations
        self._objects = objects
        self._portraits = portraits
        self._workers = workers
        self._halls = halls
        self._looks = looks

    async def detail(self, asked: AttemptFor, names: NameBook | None) -> AttemptDetail:
        attempt = asked.attempt.attempt_id
        seat = self._halls.feed(asked.exam.exam_id).seat(attempt)
        incidents = await self._observations.incidents(asked.exam.exam_id)
        rows = sorted(await self._snippets.snippets(attempt), key=lambda s: s.sequence)
        return AttemptDetail(
            seat=named(seat, names) if names else seat,
            incidents=tuple(
                i for i in incidents if i.attempt_id == attempt and not is_withdrawn(i)
            ),
            snippets=tuple(
                SnippetLine(
                    sequence=row.sequence, started_ms=row.started_ms, duration_s=row.duration_s
                )
                for row in rows[-MOST_LISTED:]
            ),
        )

    async def thumbnail(self, asked: AttemptFor) -> bytes:
        """The latest still; raise NotFound when there is none yet, Locked."""
        who, whom = asked.person.user_id, asked.attempt.attempt_id
        if self._looks.begins(who, whom):
            await self._note(asked)
            self._looks.began(who, whom)
        stored = max(
            await self._snippets.objects(asked.attempt.attempt_id, ObjectKind.THUMBNAIL),
            key=lambda o: o.header.sequence,
            default=None,
        )
        if stored is None:
            raise NotFound("There is no picture of this seat yet.")
        return await self._objects.open(stored)

    async def portrait(self, asked: AttemptFor) -> bytes:
        """Raise NotFound when no photo was taken, Locked."""
        await self._note(asked)
        picture = await self._portraits.picture(asked.attempt.attempt_id)
        if picture is None:
            raise NotFound("There is no photo of this candidate.")
        return picture

    async def film_strip(
        self, asked: AttemptFor, sequence: int, count: int
    ) -> Sequence[tuple[float, bytes]]:
        """Stills of one snippet as (seconds from its start, JPEG)."""
        snippet = await self._snippets.snippet(asked.attempt.attempt_id, sequence)
        if snippet is None:
            raise NotFound(f"There is no snippet {sequence} of this seat.")
        await self._note(asked)
        media = await self._objects.open(snippet.stored)
        reply = await self._workers.ask(MakeFilmStrip(media=media, count=count), urgent=True)
        if isinstance(reply, FilmStripMade):
            return reply.stills
        if isinstance(reply, WorkerFailed) and not reply.code.startswith("worker-"):
            raise BadMedia(reply.message, code=reply.code)
        raise Unreachable("The snippet could not be looked at just now: try again.")

    async def _note(self, asked: AttemptFor) -> None:
        await self._access.note(asked.person, "look", asked.attempt.attempt_id, asked.action.value)
