"""Halls to draw: made-up seats and names that belong to nobody."""

from __future__ import annotations

import io
from dataclasses import replace

from PIL import Image, ImageDraw

from appliance.core.attempt import AttemptState, CameraState, LinkState
from appliance.core.exam import ExamState
from appliance.core.feed import BoxStatus, ExamStatus, HallSnapshot, SeatStatus
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObservationId
from appliance.core.observation import (
    Evidence,
    HallEvent,
    Incident,
    Observation,
    ObservationKind,
    Strength,
)
from appliance.core.settings import Features

NOW_MS = 1_795_426_971_000  # 2026-11-23 09:42:51 UTC
EXAM = ExamId("e" * 32)
_ALL_ON = Features(
    live_view=True,
    video_snippets=True,
    face_photo=True,
    audio_presence=True,
    track_misuse_metrics=True,
)
BOX = BoxStatus(relay=True, disk_used_percent=71, consoles=2, workers=2, backlog=0, unlocked=True)


def exam(state: ExamState = ExamState.LIVE) -> ExamStatus:
    return ExamStatus(
        exam_id=EXAM,
        title="Matematik 3c",
        code="K7M2QX",
        state=state,
        features=_ALL_ON,
        duration_minutes=180,
        started_ms=NOW_MS - 2_530_000 if state is ExamState.LIVE else None,
    )


def attempt_id(number: int) -> AttemptId:
    return AttemptId(f"{(number * 2654435761) % 2**32:08x}" + f"{number:024x}")


def seat(number: int, label: str, hall: str = "Hall A", **changes: object) -> SeatStatus:
    attempt = attempt_id(number)
    status = SeatStatus(
        attempt_id=attempt,
        hall=hall,
        seat=label,
        pseudonym=attempt[:4].upper(),
        name=f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}",
        number=f"{1000 + number}",
        state=AttemptState.RECORDING,
        link=LinkState.UP,
        camera=CameraState.WORKING,
        last_sequence=250,
        last_picture_ms=NOW_MS - 4_000,
        acknowledged=250,
        portrait=True,
    )
    return replace(status, **changes)  # type: ignore[arg-type]


def incident(
    number: int,
    attempt: AttemptId,
    kind: ObservationKind,
    seconds: float,
    strength: Strength,
    *,
    ongoing: bool = False,
    figures: dict[str, float] | None = None,
) -> Incident:
    ended = NOW_MS - 2_000 if ongoing else NOW_MS - 40_000
    name = IncidentId(f"{number:032x}")
    return Incident(
        incident_id=name,
        exam_id=EXAM,
        attempt_id=attempt,
        opened_ms=int(ended - seconds * 1000),
        last_ms=ended,
        kinds=(kind,),
        strength=strength,
        duration_s=seconds,
        ongoing=ongoing,
        observations=(
            Observation(
                observation_id=ObservationId(f"{number:032x}"),
                attempt_id=attempt,
                kind=kind,
                started_ms=int(ended - seconds * 1000),
                ended_ms=None if ongoing else ended,
                duration_s=seconds,
                strength=strength,
                figures=figures or {},
                evidence=(Evidence(sequence=249, at_s=4.0),),
                incident_id=name,
            ),
        ),
    )


def usual_hall(state: ExamState = ExamState.LIVE) -> HallSnapshot:
    """Thirty seats in five rows, one of everything that can happen."""
    labels = [f"{row}{column}" for row in "ABCDE" for column in range(1, 7)]
    seats = {label: seat(number, label) for number, label in enumerate(labels)}
    if state is ExamState.LIVE:
        _things_happen(seats)
    else:
        seats = {
            label: replace(
                status,
                state=AttemptState.CHECKED_IN if index % 5 else AttemptState.EXPECTED,
                last_picture_ms=None,
            )
            for index, (label, status) in enumerate(seats.items())
        }
        return HallSnapshot(
            exam=exam(state), seats=tuple(seats.values()), incidents=(), hall_events=(), box=BOX
        )
    return HallSnapshot(
        exam=exam(state),
        seats=tuple(seats.values()),
        incidents=(
            incident(
                1,
                seats["A3"].attempt_id,
                ObservationKind.SEVERAL_FACES,
                14,
                Strength.STRONG,
                ongoing=True,
                figures={"faces": 2},
            ),
            incident(2, seats["C5"].attempt_id, ObservationKind.NOBODY_IN_VIEW, 21, Strength.CLEAR),
            incident(3, seats["C5"].attempt_id, ObservationKind.LOOKING_AWAY, 9, Strength.WEAK),
        ),
        hall_events=(
            HallEvent(
                exam_id=EXAM,
                hall="Hall A",
                kind=ObservationKind.CONVERSATION,
                started_ms=NOW_MS - 60_000,
                last_ms=NOW_MS - 52_000,
                seats=tuple(f"B{n}" for n in range(1, 7)),
            ),
        ),
        box=BOX,
    )


def _things_happen(seats: dict[str, SeatStatus]) -> None:
    def change(label: str, **changes: object) -> None:
        seats[label] = replace(seats[label], **changes)  # type: ignore[arg-type]

    change("A3", open_incidents=1, strongest=Strength.STRONG)
    change("C5", open_incidents=2, strongest=Strength.CLEAR)
    change("A6", state=AttemptState.EXPECTED, link=LinkState.NEVER, last_picture_ms=None)
    change("B2", state=AttemptState.ON_BREAK, break_started_ms=NOW_MS - 190_000)
    change("B5", link=LinkState.LOST, link_lost_ms=NOW_MS - 12_000)
    change("D4", hand_raised=True)
    change("D6", camera=CameraState.MISSING, last_picture_ms=None)
    change("E1", state=AttemptState.HANDED_IN)
    change("E5", last_picture_ms=NOW_MS - 47_000)


def big_hall(count: int = 500) -> HallSnapshot:
    """`count` seats in rows of twenty-five."""
    seats = tuple(seat(number, f"{_row(number // 25)}{number % 25 + 1}") for number in range(count))
    return HallSnapshot(exam=exam(), seats=seats, incidents=(), hall_events=(), box=BOX)


def picture(width: int = 160, height: int = 120, *, shade: int = 0) -> bytes:
    """A JPEG of a head and shoulders in flat blocks: nobody's face."""
    image = Image.new("RGB", (width, height), (40 + shade, 56, 80))
    draw = ImageDraw.Draw(image)
    across, down = width // 8, height // 8
    draw.rectangle((0, 7 * down, width, height), fill=(64, 48, 40))
    draw.rectangle((2 * across, 5 * down, 6 * across, height), fill=(72, 104, 136))
    draw.rectangle((3 * across, down, 5 * across, 5 * down), fill=(208, 168, 136))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _row(number: int) -> str:
    return chr(ord("A") + number) if number < 26 else "A" + chr(ord("A") + number - 26)


_FIRST = ("Alva", "Birk", "Cleo", "Dag", "Ebba", "Folke", "Greta", "Hugo", "Iris", "Jarl", "Kaj")
_LAST = ("Provsson", "Exempel", "Testberg", "Mönster", "Skrivdal", "Tentström", "Salgren")
