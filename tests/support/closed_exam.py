"""A box that has just closed an exam: real keys, real ciphertext, real databases, no gateway."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import cbor2

from appliance.adapters.blobs.directory import DirectoryBlobs
from appliance.adapters.crypto.envelopes import seal_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.crypto.private_keys import PrivateKey
from appliance.adapters.crypto.signing import SigningKey
from appliance.adapters.store.stores import Stores, open_stores
from appliance.config import box
from appliance.config.box import BoxConfig, CloudConfig
from appliance.config.night import NightConfig
from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam, ExamState, Seat
from appliance.core.ids import AttemptId, BoxId, ExamId, ObjectName
from appliance.core.keys import KEY_BYTES
from appliance.core.night_window import Window
from appliance.core.settings import ExamSettings, Features, Retention
from appliance.core.settings_hash import settings_hash
from appliance.core.snippet import ObjectHeader, ObjectKind, Snippet, StoredObject
from appliance.services.signing import Signed
from tests.support.tiny_webm import tiny_webm

STARTED_MS = time.time_ns() // 1_000_000 - 24 * 3_600_000  # yesterday, by this machine's clock
SNIPPET_S = 1.0
ANY_TIME = NightConfig(time_zone="UTC", window=(Window(opens="00:00", closes="00:00"),))
# Stand in sealed records only, and are long enough not to come up by chance in ciphertext.
TITLE = "Provtitel Kanarie"
HALL = "Aula i norra flygeln"
THUMBNAIL = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PORTRAIT = THUMBNAIL[:-2] + b"portrait" + THUMBNAIL[-2:]


class LocalSigner:
    """Signs as the gateway does, with the box's key in this process."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    async def sign(self, purpose: str, payload: bytes) -> Signed:
        return Signed(signature=self._key.sign(purpose, payload), public_key=self._key.public_bytes)


def new_id() -> str:
    return secrets.token_hex(16)


@dataclass(slots=True)
class ClosedExam:
    """`plain` is what was sealed, by attempt, kind and number. Nothing of it is on disk."""

    state: Path
    reviewer: PrivateKey
    colleague: PrivateKey = field(default_factory=lambda: new_reviewer())
    signing_key: SigningKey = field(default_factory=SigningKey.generate)
    box_id: BoxId = field(default_factory=lambda: BoxId(new_id()))
    exam_id: ExamId = field(default_factory=lambda: ExamId(new_id()))
    attempts: list[AttemptId] = field(default_factory=list)
    plain: dict[tuple[AttemptId, ObjectKind, int], bytes] = field(default_factory=dict)

    @property
    def signer(self) -> LocalSigner:
        return LocalSigner(self.signing_key)

    @property
    def names(self) -> list[ObjectName]:
        """Of the blobs on disk."""
        return [ObjectName(p.name) for p in (self.state / "blobs").glob("*/*")]


def new_reviewer() -> PrivateKey:
    return PrivateKey.generate("reviewer", "Exam board")


async def closed_exam(
    state: Path,
    cloud: CloudConfig,
    *,
    reviewer: PrivateKey | None = None,
    colleague: PrivateKey | None = None,
    candidates: int = 2,
    snippets: int = 3,
    retention: Retention | None = None,
    bulk: int = 0,
) -> ClosedExam:
    """In `state`, or a new box there; a box made by `hallvakt init` keeps its id and key. Either
    may send at any time.

    `colleague` is a second key that opens it. `bulk` random bytes are added to each snippet's
    plaintext, to have packs to fill."""
    made = ClosedExam(
        state=state,
        reviewer=reviewer or new_reviewer(),
        colleague=colleague or new_reviewer(),
    )
    stores = await asyncio.to_thread(_box, made, cloud)
    try:
        settings = ExamSettings(
            title=TITLE,
            retention=retention or Retention(days=30),
            features=Features(video_snippets=True, face_photo=True),
        )
        await stores.exams.add(
            Exam(
                exam_id=made.exam_id,
                code="KANARI",
                state=ExamState.CLOSED,
                settings=settings,
                settings_hash=settings_hash(settings),
                created_ms=STARTED_MS - 3_600_000,
                opened_ms=STARTED_MS - 600_000,
                started_ms=STARTED_MS,
                closed_ms=STARTED_MS + 600_000,
            )
        )
        for number in range(candidates):
            await _sit(made, stores, number, snippets, bulk)
    finally:
        await stores.close()
    return made


def _box(made: ClosedExam, cloud: CloudConfig) -> Stores:
    if (made.state / box.FILE_NAME).exists():
        config = box.load(made.state)
        made.box_id = config.box_id
        made.signing_key = SigningKey.load(made.state / "keys" / "box_signing.pem")
    else:
        for name in ("db", "run", "keys"):
            (made.state / name).mkdir(parents=True)
        config = BoxConfig(box_id=made.box_id)
    stores = open_stores(made.state)  # before box.toml, which `hallvakt init` writes last
    box.write(made.state, replace(config, cloud=cloud, night=ANY_TIME))
    return stores


async def _sit(made: ClosedExam, stores: Stores, number: int, snippets: int, bulk: int) -> None:
    attempt = AttemptId(new_id())
    made.attempts.append(attempt)
    secret = secrets.token_bytes(KEY_BYTES)
    await stores.envelopes.add(
        [
            seal_envelope(key.public().recipient(), made.exam_id, attempt, 1, secret)
            for key in (made.reviewer, made.colleague)
        ],
        under_live=None,
    )
    seat = Seat(hall=HALL, label=f"A{number + 1}")
    finished_ms = STARTED_MS + round(snippets * SNIPPET_S * 1000)
    await stores.attempts.add(
        [
            Attempt(
                attempt_id=attempt,
                exam_id=made.exam_id,
                seat=seat,
                state=AttemptState.HANDED_IN,
                camera=CameraState.WORKING,
                seat_code_hash=new_id(),
                joined_ms=STARTED_MS - 300_000,
                finished_ms=finished_ms,
                epoch=1,
                last_sequence=snippets,
            )
        ]
    )
    keep = _Keeper(made, stores, attempt, secret)
    for sequence in range(1, snippets + 1):
        # Bulk is for the line, which does not look: one encoded clip serves all of it.
        clip = tiny_webm(0 if bulk else 10 * number + sequence, sound=not bulk)
        media = clip + secrets.token_bytes(bulk)
        await keep.snippet(sequence, media)
        await keep.object(ObjectKind.THUMBNAIL, sequence, THUMBNAIL + bytes([sequence]))
    await keep.object(ObjectKind.PORTRAIT, 0, PORTRAIT)
    record = cbor2.dumps(_record(made, attempt, seat, snippets, finished_ms), canonical=True)
    await keep.object(ObjectKind.RECORD, 0, record)


@dataclass(slots=True)
class _Keeper:
    made: ClosedExam
    stores: Stores
    attempt: AttemptId
    secret: bytes

    async def snippet(self, sequence: int, media: bytes) -> None:
        stored = await self._seal(ObjectKind.SNIPPET, sequence, media)
        await self.stores.snippets.add_snippet(
            Snippet(
                attempt_id=self.attempt,
                sequence=sequence,
                plain_sha256=hashlib.sha256(media).hexdigest(),
                plain_size=len(media),
                started_ms=STARTED_MS + round((sequence - 1) * SNIPPET_S * 1000),
                duration_s=SNIPPET_S,
                stored=stored,
                analysed=True,
            )
        )

    async def object(self, kind: ObjectKind, sequence: int, content: bytes) -> None:
        await self.stores.snippets.add_object(await self._seal(kind, sequence, content))

    async def _seal(self, kind: ObjectKind, sequence: int, content: bytes) -> StoredObject:
        header = ObjectHeader(
            kind=kind,
            box_id=self.made.box_id,
            exam_id=self.made.exam_id,
            attempt_id=self.attempt,
            sequence=sequence,
            epoch=1,
        )
        sealed = ObjectSealing().seal(self.secret, header, content)
        stored = StoredObject(
            name=ObjectName(new_id()),
            header=header,
            size=len(sealed),
            sha256=hashlib.sha256(sealed).hexdigest(),
            stored_ms=STARTED_MS,
        )
        blobs = await asyncio.to_thread(DirectoryBlobs, self.made.state / "blobs")
        await blobs.put(stored.name, sealed)
        self.made.plain[self.attempt, kind, sequence] = content
        return stored


def _record(
    made: ClosedExam, attempt: AttemptId, seat: Seat, snippets: int, finished_ms: int
) -> dict[str, object]:
    observation = {
        "observation_id": new_id(),
        "attempt_id": attempt,
        "kind": "several_faces",
        "started_ms": STARTED_MS + 1000,
        "ended_ms": STARTED_MS + 2000,
        "duration_s": 1.0,
        "strength": "clear",
        "figures": {"faces": 2.0},
        "evidence": [{"sequence": 2, "at_s": 0.2}],
    }
    incident = {
        "incident_id": new_id(),
        "exam_id": made.exam_id,
        "attempt_id": attempt,
        "opened_ms": STARTED_MS + 1000,
        "last_ms": STARTED_MS + 2000,
        "kinds": ["several_faces"],
        "strength": "clear",
        "duration_s": 1.0,
        "ongoing": False,
        "decision": "confirmed",
        "note": "Två ansikten.",
    }
    return {
        "version": 1,
        "attempt": attempt,
        "exam": made.exam_id,
        "seat": seat.label,
        "hall": seat.hall,
        "extra_minutes": 0,
        "title": TITLE,
        "started_ms": STARTED_MS,
        "finished_ms": finished_ms,
        "camera": "working",
        "notice_version": None,
        "snippets": [
            {
                "sequence": n,
                "started_ms": STARTED_MS + round((n - 1) * SNIPPET_S * 1000),
                "duration_s": SNIPPET_S,
            }
            for n in range(1, snippets + 1)
        ],
        "observations": [observation],
        "incidents": [incident],
        "acts": [],
        "remark": "Brandlarmet gick.",
    }


async def exam_of(state: Path, exam: ExamId) -> Exam:
    stores = await asyncio.to_thread(open_stores, state)
    try:
        return await stores.exams.get(exam)
    finally:
        await stores.close()
