"""What the use cases need from the world. Adapters implement these; `tests/contract` has one
suite per port that every adapter passes.

Rules for every port unless its docstring says otherwise: a method may be called again after a
failure; it raises only errors of `core.errors`; an async method never blocks the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from appliance.core.attempt import Attempt, AttemptState
from appliance.core.audit import AuditEntry
from appliance.core.exam import Exam, ExamState
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObjectName, UserId, ViewId
from appliance.core.keys import Envelope, LiveWrap, Recipient
from appliance.core.messages import WorkerReply, WorkerRequest
from appliance.core.observation import HallEvent, Incident, Observation
from appliance.core.people import Login, User
from appliance.core.snippet import ObjectHeader, ObjectKind, Snippet, StoredObject


class Clock(Protocol):
    def now_ms(self) -> int:
        """Unix milliseconds, for people and records."""

    def monotonic(self) -> float:
        """Seconds that only grow, for durations and deadlines (CLOCK_BOOTTIME)."""


class Randomness(Protocol):
    def new_id(self) -> str:
        """32 hexadecimal digits from the system's generator."""

    def secret(self, length: int) -> bytes: ...

    def code(self, length: int) -> str:
        """`length` characters people can type: no 0/O, 1/I/L."""


# --- keys and ciphertext -----------------------------------------------------------------------


class Sealing(Protocol):
    """HVO1 objects; the format is specified in adapters/crypto/FORMAT.md."""

    def seal(self, secret: bytes, header: ObjectHeader, plaintext: bytes) -> bytes: ...

    def open(self, secret: bytes, expected: ObjectHeader, sealed: bytes) -> bytes:
        """Raise IntegrityFailure when anything differs from what was sealed."""


class Wrapping(Protocol):
    def envelope(
        self, recipient: Recipient, exam: ExamId, attempt: AttemptId, epoch: int, secret: bytes
    ) -> Envelope: ...

    def wrap_under(self, kek: bytes, context: bytes, secret: bytes) -> bytes:
        """AES-256-GCM under a 32-byte key, `context` authenticated."""

    def unwrap_under(self, kek: bytes, context: bytes, wrapped: bytes) -> bytes:
        """Raise IntegrityFailure for a wrong key or context."""

    def stretch(self, passphrase: str, salt: bytes) -> bytes:
        """Argon2id (64 MiB, 3 passes, 4 lanes), 32 bytes. Slow (about 150 ms): call it in a
        thread."""

    def peppered(self, stretched: bytes, pepper: bytes) -> bytes:
        """HKDF-SHA256: what wraps an exam's live key for one person."""


class KeyFiles(Protocol):
    """Peppers and live wraps: plain files outside the database, its backups and snapshots."""

    def put_pepper(self, exam: ExamId, pepper: bytes) -> None: ...

    def pepper(self, exam: ExamId) -> bytes:
        """Raise Locked when it was destroyed or never made."""

    def put_wrap(self, wrap: LiveWrap) -> None: ...

    def wraps(self, exam: ExamId) -> Sequence[LiveWrap]: ...

    def destroy(self, exam: ExamId) -> None:
        """Overwrite, unlink and fsync all of these. Idempotent."""


class EnvelopeStore(Protocol):
    async def add(self, envelopes: Sequence[Envelope], under_live: bytes | None) -> None:
        """Durable when it returns. `under_live` is the same key wrapped under the live key."""

    async def set_under_live(self, attempt: AttemptId, epoch: int, wrapped: bytes) -> None: ...

    async def of_attempt(self, attempt: AttemptId) -> Sequence[Envelope]: ...

    async def under_live(self, exam: ExamId) -> Sequence[tuple[AttemptId, int, bytes]]: ...

    async def forget_live(self, exam: ExamId) -> None:
        """Drop every `under_live` of the exam (close)."""

    async def delete(self, attempt: AttemptId) -> None: ...

    async def last_epoch(self, attempt: AttemptId) -> int:
        """0 when there is none."""


# --- rows --------------------------------------------------------------------------------------


class ExamStore(Protocol):
    async def add(self, exam: Exam) -> None:
        """Raise Conflict when the id or the code of an exam not yet closed is taken."""

    async def get(self, exam: ExamId) -> Exam:
        """Raise NotFound."""

    async def by_code(self, code: str) -> Exam:
        """The exam not yet closed with that code; raise NotFound."""

    async def all(self) -> Sequence[Exam]: ...

    async def replace(self, exam: Exam, *, expected: ExamState) -> None:
        """Compare-and-set on the state; raise WrongState when another act came first."""


class AttemptStore(Protocol):
    async def add(self, attempts: Sequence[Attempt]) -> None:
        """All or none; raise Conflict when a seat of the exam is taken."""

    async def get(self, attempt: AttemptId) -> Attempt: ...

    async def of_exam(self, exam: ExamId) -> Sequence[Attempt]: ...

    async def by_token(self, token_hash: str) -> Attempt: ...

    async def replace(self, attempt: Attempt, *, expected: AttemptState) -> None:
        """Compare-and-set on the state; raise WrongState when another act came first."""

    async def remove_of_exam(self, exam: ExamId) -> None:
        """For a new roster; the exam service allows it before `open` only."""


class SnippetStore(Protocol):
    """Rows of sealed objects. A row exists only after its blob is durable."""

    async def add_snippet(self, snippet: Snippet) -> None:
        """Durable when it returns; raise Conflict when the number is taken."""

    async def snippet(self, attempt: AttemptId, sequence: int) -> Snippet | None: ...

    async def snippets(self, attempt: AttemptId) -> Sequence[Snippet]: ...

    async def mark_analysed(self, attempt: AttemptId, sequence: int) -> None: ...

    async def mark_refused(self, attempt: AttemptId, sequence: int) -> None:
        """What came under this number is no snippet, and will not be one. Idempotent."""

    async def refused(self, attempt: AttemptId) -> Collection[int]: ...

    async def not_analysed(self, exam: ExamId) -> Sequence[Snippet]: ...

    async def add_object(self, stored: StoredObject) -> None: ...

    async def objects(
        self, attempt: AttemptId, kind: ObjectKind | None = None
    ) -> Sequence[StoredObject]: ...

    async def objects_of_exam(self, exam: ExamId) -> Sequence[StoredObject]: ...

    async def remove_object(self, name: ObjectName) -> None: ...


class ObservationStore(Protocol):
    async def put_observation(self, observation: Observation) -> None: ...

    async def put_incident(self, incident: Incident) -> None:
        """Upsert by id; observations of the incident are kept by `put_observation`."""

    async def incident(self, incident: IncidentId) -> Incident:
        """With its observations; raise NotFound."""

    async def incidents(self, exam: ExamId) -> Sequence[Incident]: ...

    async def observations(self, attempt: AttemptId) -> Sequence[Observation]: ...

    async def put_hall_event(self, event: HallEvent) -> None:
        """Upsert by exam, hall, kind and start."""

    async def hall_events(self, exam: ExamId) -> Sequence[HallEvent]:
        """In the order in which they began."""

    async def remove_of_exam(self, exam: ExamId) -> None:
        """After close has sealed them into record objects."""


class UserStore(Protocol):
    async def add(self, user: User) -> None:
        """Raise Conflict when the name is taken."""

    async def by_name(self, name: str) -> User | None: ...

    async def all(self) -> Sequence[User]: ...

    async def replace(self, user: User) -> None: ...

    async def remove(self, user: UserId) -> None: ...

    async def add_login(self, login: Login) -> None: ...

    async def login(self, token_hash: str) -> Login | None: ...

    async def end_logins(
        self, *, user: UserId | None = None, token_hash: str | None = None
    ) -> None:
        """Of one user, of one token, or with neither of everybody."""


class IdentityStore(Protocol):
    """Names, in a database of their own, sealed per exam. One sealed object per exam."""

    async def put(self, exam: ExamId, sealed: bytes) -> None: ...

    async def get(self, exam: ExamId) -> bytes | None: ...

    async def delete(self, exam: ExamId) -> None: ...


class AuditStore(Protocol):
    """Append-only, in a database of its own; durable when `append` returns."""

    async def append(self, actor: str, action: str, purpose: str, about: str) -> AuditEntry: ...

    async def entries(self, after: int = 0) -> Sequence[AuditEntry]: ...


# --- bytes -------------------------------------------------------------------------------------


class BlobStore(Protocol):
    """Ciphertext by random name. `put` is durable (file and directory fsynced) when it returns."""

    async def put(self, name: ObjectName, sealed: bytes) -> None:
        """Raise NoRoom when the disk is full, Conflict when the name exists."""

    async def get(self, name: ObjectName) -> bytes:
        """Raise NotFound."""

    async def delete(self, name: ObjectName) -> None:
        """Idempotent."""

    def names(self) -> AsyncIterator[ObjectName]: ...

    async def free_bytes(self) -> int: ...


# --- other processes ---------------------------------------------------------------------------


class MediaWorkers(Protocol):
    """The pool of media worker processes."""

    async def ask(self, request: WorkerRequest, *, urgent: bool = False) -> WorkerReply:
        """`urgent` goes before waiting requests. A worker that dies or runs over time gives
        WorkerFailed(code="worker-died" | "worker-timeout"); the next request gets a new one."""

    @property
    def waiting(self) -> int: ...

    @property
    def alive(self) -> int: ...

    @property
    def failed(self) -> int:
        """Requests on which a worker died or ran over time, since the gateway started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """Ephemeral TURN credential for one leg of one view."""

    urls: tuple[str, ...]
    username: str
    credential: str
    expires_ms: int


class Relay(Protocol):
    """coturn, one instance per live exam."""

    async def start(self, exam: ExamId) -> None:
        """With a new secret. Idempotent while it runs."""

    async def stop(self, exam: ExamId) -> None:
        """Idempotent; when it returns no allocation is left."""

    async def running(self, exam: ExamId) -> bool: ...

    async def gone(self, exam: ExamId) -> None:
        """Return when the relay that runs now does no more, at once if none does."""

    def credential(self, exam: ExamId, view: ViewId, *, host: str) -> IceServer:
        """`host` is the name or address under which the asking peer reached the box."""


# --- the cloud ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteObject:
    name: str
    size: int
    crc32c: str  # base64 of the big-endian 4 bytes, as GCS gives it


Content = bytes | memoryview
"""Of an object: read-only, and large."""


class ObjectCloud(Protocol):
    """Object storage in the EU. Names are ours and random; an object is never overwritten."""

    async def location(self) -> str:
        """What the store says about where the bucket lies (`on site` for a directory)."""

    async def put(self, name: str, content: Content) -> RemoteObject:
        """Create only. The reply's size and checksum are the store's own; the same content
        under the same name is success (a lost reply), other content raises Conflict."""

    async def stat(self, name: str) -> RemoteObject | None: ...

    async def list(self, prefix: str) -> Mapping[str, RemoteObject]:
        """All whose names begin so, in few requests. `crc32c` is empty where the store's listing
        has none: `stat` then says it."""

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes: ...

    async def delete(self, name: str) -> None: ...

    async def close(self) -> None: ...


class RecordCloud(Protocol):
    """MongoDB. A write is an upsert by our own id, acknowledged by a majority and journalled."""

    async def check_residency(self) -> str:
        """Where the servers say they are; raise Refused outside the EU/EEA."""

    async def upsert(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        """Each document has `_id`; the same document twice is one."""

    async def create(self, collection: str, documents: Sequence[dict[str, Any]]) -> None:
        """The same, but never replaces: another document under a known `_id` raises Conflict."""

    async def find(
        self, collection: str, *, fields: Sequence[str] = (), **equals: Any
    ) -> Sequence[dict[str, Any]]:
        """Whole documents, or of each `_id` and `fields` only. A key `rows.field` asks whether any
        of a document's rows has that value."""

    async def delete(self, collection: str, **equals: Any) -> int: ...

    async def close(self) -> None: ...
