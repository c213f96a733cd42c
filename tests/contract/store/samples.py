"""Rows for the contract suites, every field away from its default at least once."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.attempt import Attempt, AttemptState, CameraState
from appliance.core.exam import Exam, ExamState, Seat
from appliance.core.ids import (
    AttemptId,
    BoxId,
    ExamId,
    IncidentId,
    ObjectName,
    ObservationId,
    UserId,
)
from appliance.core.observation import (
    Decision,
    Evidence,
    Incident,
    Observation,
    ObservationKind,
    ReasonCategory,
    Strength,
)
from appliance.core.people import Login, User
from appliance.core.roles import Person, Role
from appliance.core.settings import Basis, Descriptor, ExamSettings, Features, Retention, SyncScope
from appliance.core.snippet import ObjectHeader, ObjectKind, Snippet, StoredObject


def number(n: int) -> str:
    return f"{n:032x}"


EXAM = ExamId(number(0xE))
OTHER_EXAM = ExamId(number(0xE2))
BOX = BoxId(number(0xB))


def exam(exam_id: ExamId = EXAM, code: str = "ABC234") -> Exam:
    return Exam(
        exam_id=exam_id,
        code=code,
        state=ExamState.DRAFT,
        settings=ExamSettings(
            title="Matematik 3c – åäö",
            retention=Retention(days=90, local_days=2),
            features=Features(video_snippets=True, face_photo=True, track_misuse_metrics=True),
            basis=Basis(legal_basis="6(1)(e)", dpia_reference="2026-4"),
            sync=SyncScope.FLAGGED,
            descriptor=Descriptor.BOTH,
        ),
        settings_hash="ab" * 32,
        created_ms=1_000,
        opened_ms=2_000,
        started_ms=3_000,
        closed_ms=4_000,
    )


def attempt(n: int = 1, exam_id: ExamId = EXAM) -> Attempt:
    return Attempt(
        attempt_id=AttemptId(number(0xA00 + n)),
        exam_id=exam_id,
        seat=Seat(hall="Hall A", label=f"A{n}"),
        state=AttemptState.EXPECTED,
        seat_code_hash="cd" * 32,
    )


def full_attempt(n: int = 1) -> Attempt:
    return replace(
        attempt(n),
        state=AttemptState.ON_BREAK,
        camera=CameraState.WORKING,
        extra_minutes=30,
        public_key=b"\x30\x59spki",
        token_hash=f"{n:064x}",
        notice_version="ef" * 32,
        portrait_accepted=True,
        identity_checked_by_hand=True,
        hand_raised=True,
        hand_presses=3,
        break_started_ms=5,
        joined_ms=6,
        finished_ms=7,
        epoch=3,
        last_sequence=41,
        admitted_late_ms=8,
        roster_minutes=20,
    )


def stored(
    n: int, kind: ObjectKind = ObjectKind.SNIPPET, sequence: int = 1, who: int = 1
) -> StoredObject:
    return StoredObject(
        name=ObjectName(number(0xF000 + n)),
        header=ObjectHeader(
            kind=kind,
            box_id=BOX,
            exam_id=EXAM,
            attempt_id=AttemptId(number(0xA00 + who)),
            sequence=sequence,
            epoch=2,
        ),
        size=12_345,
        sha256="12" * 32,
        stored_ms=10_000 + n,
    )


def snippet(sequence: int, who: int = 1) -> Snippet:
    return Snippet(
        attempt_id=AttemptId(number(0xA00 + who)),
        sequence=sequence,
        plain_sha256="34" * 32,
        plain_size=12_000,
        started_ms=1_000 * sequence,
        duration_s=9.98,
        stored=stored(who * 100 + sequence, sequence=sequence, who=who),
    )


def observation(n: int, incident_id: IncidentId | None = None) -> Observation:
    return Observation(
        observation_id=ObservationId(number(0x0B00 + n)),
        attempt_id=AttemptId(number(0xA01)),
        kind=ObservationKind.SEVERAL_FACES,
        started_ms=100 * n,
        ended_ms=None if n % 2 else 100 * n + 50,
        duration_s=4.5,
        strength=Strength.STRONG,
        figures={"faces": 2.0},
        evidence=(Evidence(sequence=4, at_s=2.5), Evidence(sequence=5, at_s=0.0)),
        incident_id=incident_id,
    )


def incident(n: int = 1) -> Incident:
    return Incident(
        incident_id=IncidentId(number(0x1C00 + n)),
        exam_id=EXAM,
        attempt_id=AttemptId(number(0xA01)),
        opened_ms=100 * n,
        last_ms=900,
        kinds=(ObservationKind.SEVERAL_FACES, ObservationKind.NOBODY_IN_VIEW),
        strength=Strength.CLEAR,
        duration_s=12.0,
        ongoing=False,
        decision=Decision.DISMISSED,
        decided_by=UserId(number(0x05)),
        decided_ms=77,
        category=ReasonCategory.STAFF,
        note="den andra personen är en vakt",
    )


def user(n: int = 1, name: str = "lead") -> User:
    return User(
        user_id=UserId(number(0x500 + n)),
        name=name,
        role=Role.LEAD_INVIGILATOR,
        passphrase_hash="$argon2id$...",
        totp_secret="JBSWY3DPEHPK3PXP",
        totp_last_step=41,
        exams=frozenset({EXAM, OTHER_EXAM}),
        all_exams=True,
        halls=frozenset({"Hall A"}),
        created_ms=9,
    )


def login(token: str, owner: User) -> Login:
    return Login(
        token_hash=token,
        person=Person(user_id=owner.user_id, role=owner.role, exams=owner.exams, halls=owner.halls),
        user_name=owner.name,
        created_ms=1,
        expires_ms=2,
    )
