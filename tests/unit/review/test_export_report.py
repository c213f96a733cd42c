"""A subject access export leaves nothing of the sealed record untold."""

from __future__ import annotations

from dataclasses import replace

from appliance.core.attendance import ActNote, Break, SeatLeft
from appliance.core.documents import markdown
from appliance.core.exam import Seat
from appliance.core.ids import ExamId, UserId
from appliance.core.observation import HallEvent, ObservationKind
from appliance.core.processing import Category
from appliance.review.export_report import ReportParts, report
from appliance.services.records import record
from tests.contract.store.samples import attempt, exam

_S = 1_000
# What the report or the export as a whole tells; a new field of the record has to be told too.
_TOLD = {
    "seat", "hall", "seats_left", "extra_minutes", "joined_ms", "admitted_late_ms", "breaks",
    "title", "started_ms", "finished_ms", "camera", "switched_off", "notice_version", "attempt",
    "observations", "incidents", "hall_events", "acts", "reasons", "remark",
    "snippets",  # the videos themselves
    "version", "exam",  # nothing of the person
}  # fmt: skip


def test_every_field_of_the_record_is_told() -> None:
    who = replace(
        attempt(),
        joined_ms=61 * _S,
        admitted_late_ms=62 * _S,
        switched_off=frozenset({Category.HEAD_POSE}),
    )
    sealed = record(
        exam(), who, [], [], [], [],
        [Break(started_ms=63 * _S, ended_ms=64 * _S), Break(started_ms=65 * _S)],
        [SeatLeft(seat=Seat(hall="Gymnasium", label="Q7"), until_ms=66 * _S)],
        [ActNote(at_ms=67 * _S, actor=UserId("u" * 32), act="extra_time", reason="dyslexia",
                 minutes=37)],
        "I only looked at the clock.",
        [HallEvent(exam_id=ExamId("e" * 32), hall=who.seat.hall, kind=ObservationKind.NOISE,
                   started_ms=68 * _S, last_ms=69 * _S, seats=(who.seat.label, "B2"))],
    )  # fmt: skip
    assert set(sealed) == _TOLD
    told = markdown(
        report(
            ReportParts(
                attempt_id=who.attempt_id, record=sealed, passages=[], choices={}, included=[],
                left_out=[], blanked=[], unreadable=[], portrait=False, audit=None,
            )
        )
    )  # fmt: skip
    for second in range(61, 70):
        assert f"1970-01-01 00:01:{second - 60:02}" in told, second
    for words in ("Gymnasium", "Q7", "dyslexia", "37", "direction of the head", "at 2 seats",
                  "yours among them", "I only looked at the clock."):  # fmt: skip
        assert words in told, words
    assert "B2" not in told  # somebody else's seat
