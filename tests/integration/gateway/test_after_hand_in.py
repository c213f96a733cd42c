"""After the hand-in: what was noted, where the school shows it; a remark, sealed; and leaving."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import replace

import cbor2
import pytest

from appliance.adapters.crypto.envelopes import open_envelope
from appliance.adapters.crypto.objects import ObjectSealing
from appliance.adapters.store.stores import open_stores
from appliance.core.ids import AttemptId, ExamId, IncidentId, ObservationId
from appliance.core.observation import Incident, Observation, ObservationKind, Strength
from appliance.core.snippet import ObjectKind
from appliance.rehearsal.page_key import PageKey
from tests.support.box import SETTINGS, RealBox
from tests.support.box_api import BoxApi, Prepared

SHOWN = SETTINGS.replace('language = "sv"', 'language = "sv"\nshow_flags_after_hand_in = true')
WORDS = "Jag tappade pennan, fråga Canary Testperson."


async def handed_in(box: RealBox, exam: Prepared) -> tuple[BoxApi, AttemptId]:
    page = box.api()
    assert (await page.join(exam.code, exam.seats["A1"], PageKey())).status == 201
    await page.check_in()
    early = await page.ask("GET", "/api/v1/attempts/me/afterwards")
    assert (early.status, early.code) == (409, "not-handed-in")
    status = await page.ok("POST", "/api/v1/attempts/me/hand-in", json={"last_sequence": 0})
    return page, AttemptId(status["attempt"])


async def note_something(box: RealBox, exam: Prepared, attempt: AttemptId) -> None:
    """As the rules would: two incidents, and one of somebody else."""
    stores = await asyncio.to_thread(open_stores, box.state)
    try:
        others = [a.attempt_id for a in await stores.attempts.of_exam(ExamId(exam.exam))]
        for number, whose in enumerate((attempt, attempt, next(a for a in others if a != attempt))):
            observation = Observation(
                observation_id=ObservationId(secrets.token_hex(16)),
                attempt_id=whose,
                kind=ObservationKind.NOISE,
                started_ms=1_000_000 + number,
                ended_ms=1_005_000 + number,
                duration_s=5.0,
                strength=Strength.CLEAR,
                figures={},
            )
            incident = Incident(
                incident_id=IncidentId(secrets.token_hex(16)),
                exam_id=ExamId(exam.exam),
                attempt_id=whose,
                opened_ms=observation.started_ms,
                last_ms=observation.ended_ms or 0,
                kinds=(observation.kind,),
                strength=observation.strength,
                duration_s=5.0,
                ongoing=False,
                observations=(observation,),
            )
            await stores.observations.put_incident(incident)
            await stores.observations.put_observation(
                replace(observation, incident_id=incident.incident_id)
            )
    finally:
        await stores.close()


@pytest.mark.parametrize(
    ("settings", "shown"), [(SETTINGS, False), (SHOWN, True)], ids=["not shown", "shown"]
)
async def test_a_candidate_sees_what_the_school_shows_and_answers_it(
    box: RealBox, lead: BoxApi, settings: str, shown: bool
) -> None:
    exam = await box.new_exam(lead, settings)
    page, attempt = await handed_in(box, exam)
    await note_something(box, exam, attempt)
    seen = await page.ok("GET", "/api/v1/attempts/me/afterwards", params={"language": "en"})
    assert (seen["open"], seen["remark"]) == (True, False)
    if not shown:
        assert seen["flags"] is None
    else:
        assert [flag["at_ms"] for flag in seen["flags"]] == [1_000_000, 1_000_001]
        assert seen["flags"][0]["text"] == "loud noise, 5 s, clear"
        assert {flag["looked"] for flag in seen["flags"]} == {"waiting"}

    for wrong in ("  ", "x" * 2001):
        reply = await page.ask("POST", "/api/v1/attempts/me/remark", json={"text": wrong})
        assert (reply.status, reply.code) == (400, "remark-length")
    for words in ("Först skrev jag fel.", WORDS):
        await page.ok("POST", "/api/v1/attempts/me/remark", json={"text": words})
    assert (await page.ok("GET", "/api/v1/attempts/me/afterwards"))["remark"] is True
    assert not await asyncio.to_thread(lies_plain, box, b"tappade")

    await lead.ok("POST", f"/api/v1/exams/{exam.exam}/state", json={"to": "closed"})
    after = await page.ok("GET", "/api/v1/attempts/me/afterwards")
    assert after == {"open": False, "flags": None, "remark": False}
    late = await page.ask("POST", "/api/v1/attempts/me/remark", json={"text": "Mer."})
    assert (late.status, late.code) == (409, "exam-closed")
    assert await remark_for_the_reviewer(box, attempt) == WORDS

    await page.ok("POST", "/api/v1/attempts/me/leave")
    assert (await page.ask("GET", "/api/v1/attempts/me")).status == 401


def lies_plain(box: RealBox, words: bytes) -> bool:
    return any(words in path.read_bytes() for path in box.state.rglob("*") if path.is_file())


async def remark_for_the_reviewer(box: RealBox, attempt: AttemptId) -> str:
    """Opened with the reviewer's key, as nobody on the box can."""
    stores = await asyncio.to_thread(open_stores, box.state)
    try:
        kept = await stores.snippets.objects(attempt)
        assert [o.header.kind for o in kept] == [ObjectKind.RECORD]
        reviewer = box.school["reviewer"]
        keys = {
            envelope.epoch: open_envelope(reviewer.for_opening(), envelope)
            for envelope in await stores.envelopes.of_attempt(attempt)
            if envelope.recipient_id == reviewer.for_opening().recipient_id
        }
    finally:
        await stores.close()
    [record] = kept
    path = box.state / "blobs" / record.name[:2] / record.name
    plain = ObjectSealing().open(
        keys[record.header.epoch], record.header, await asyncio.to_thread(path.read_bytes)
    )
    return str(cbor2.loads(plain)["remark"])
