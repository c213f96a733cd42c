"""What reviewers decide goes back to the archive, sealed and signed, and nobody can undo it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from appliance.config import box
from appliance.config.box import CloudConfig
from appliance.core.errors import Conflict, IntegrityFailure, Locked, NotAllowed
from appliance.core.retention import DAY_MS
from appliance.core.review_decision import Standing, Verdict, standing
from appliance.processes.eraser import finish_erasures
from appliance.processes.janitor import clean
from appliance.processes.record_preparation import prepare_records
from appliance.rehearsal.cloud_servers import CloudServers
from appliance.review.decisions import object_name
from appliance.review.desk import Desk
from appliance.services import cloud_documents as documents
from tests.support.archived_exam import ArchivedExam
from tests.support.closed_exam import STARTED_MS, new_reviewer
from tests.support.erasing import erase_on_box
from tests.support.fake_clock import FakeClock


async def test_a_finding_and_a_second_word(archived: ArchivedExam, tmp_path: Path) -> None:
    desk = archived.desk(tmp_path / "one")
    exam = await desk.archive.open(archived.made.exam_id)
    attempt = exam.attempts[archived.made.attempts[0]]
    found = await desk.decisions.decide(
        exam, attempt, verdict=Verdict.FINDING, reason="Två personer.", answer="Tack."
    )
    assert standing(found) is Standing.AWAITING_SECOND
    with pytest.raises(NotAllowed):
        await desk.decisions.decide(
            exam, attempt, verdict=Verdict.FINDING, reason="Ja.", answers=1, agrees=True
        )
    other = archived.desk(tmp_path / "two", archived.made.colleague, viewer="Bo")
    theirs = await other.archive.open(archived.made.exam_id)
    found = await other.decisions.decide(
        theirs,
        theirs.attempts[attempt.attempt_id],
        verdict=Verdict.FINDING,
        reason="Jag ser det också.",
        answers=1,
        agrees=True,
    )
    assert standing(found) is Standing.FINDING
    again = await desk.decisions.of_exam(exam)
    assert again == {attempt.attempt_id: found}
    assert [s.decision.reason for s in found] == ["Två personer.", "Jag ser det också."]


async def test_the_cloud_learns_nothing_of_it(
    archived: ArchivedExam, cloud: CloudServers, tmp_path: Path
) -> None:
    await prepare_records(await asyncio.to_thread(_config_of, archived))
    desk = archived.desk(tmp_path / "receipts", viewer="Kanarie Granskare")
    exam = await desk.archive.open(archived.made.exam_id)
    attempt = exam.attempts[archived.made.attempts[0]]
    await desk.decisions.decide(
        exam, attempt, verdict=Verdict.NO_FINDING, reason="Ordet kanariefågel."
    )
    await desk.receipts.looked(
        exam.listing.box_id, exam.listing.exam_id, attempt.attempt_id, "snippet", 2
    )
    assert await desk.receipts.send(archived.ends.records) == 1
    assert await desk.receipts.send(archived.ends.records) == 0
    rows = [
        *await archived.ends.records.find(documents.DECISIONS),
        *await archived.ends.records.find(documents.RECEIPTS),
    ]
    assert len(rows) == 2
    name = object_name(attempt.attempt_id, 1)
    seen = repr(rows).encode() + await archived.ends.objects.get(f"decisions/{name}")
    for word in ("kanarie", "Kanarie", "Granskare", "no_finding"):
        assert word.encode() not in seen


def _config_of(archived: ArchivedExam) -> CloudConfig:
    return box.load(archived.made.state).cloud


async def test_two_who_decide_at_once(archived: ArchivedExam, tmp_path: Path) -> None:
    """One is first; the other is told, and then sees it. A record that a cut kept from being
    written is written by whoever comes next."""
    desks = [archived.desk(tmp_path / str(n), viewer=str(n)) for n in range(2)]
    exam = await desks[0].archive.open(archived.made.exam_id)
    attempt = exam.attempts[archived.made.attempts[0]]

    async def decide(desk: Desk) -> bool:
        try:
            await desk.decisions.decide(
                exam, attempt, verdict=Verdict.NO_FINDING, reason=desk.viewer
            )
        except Conflict:
            return False
        return True

    assert sorted(await asyncio.gather(*[decide(desk) for desk in desks])) == [False, True]
    await archived.ends.records.delete(documents.DECISIONS, exam=archived.made.exam_id)
    assert await desks[1].decisions.of_attempt(exam, attempt) == []
    assert not await decide(desks[1])
    assert len(await desks[1].decisions.of_attempt(exam, attempt)) == 1


async def test_a_decision_cannot_be_altered_moved_or_taken_out(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    desk = archived.desk(tmp_path / "receipts")
    exam = await desk.archive.open(archived.made.exam_id)
    one, two = (exam.attempts[attempt] for attempt in archived.made.attempts)
    for reason in ("a", "b"):
        await desk.decisions.decide(exam, one, verdict=Verdict.NO_FINDING, reason=reason)
    await desk.decisions.decide(exam, two, verdict=Verdict.NO_FINDING, reason="c")
    first, second, moved = (
        f"decisions/{object_name(attempt.attempt_id, number)}"
        for attempt, number in ((one, 1), (one, 2), (two, 1))
    )
    content = {name: await archived.ends.objects.get(name) for name in (first, second, moved)}
    for name, forged in (
        (first, content[moved]),  # another attempt's
        (first, content[second]),  # its own later one
        (first, content[first][:-1]),
    ):
        await archived.ends.objects.delete(name)
        await archived.ends.objects.put(name, forged)
        with pytest.raises(IntegrityFailure):
            await desk.decisions.of_attempt(exam, one)


async def test_who_cannot_open_cannot_decide(archived: ArchivedExam, tmp_path: Path) -> None:
    desk = archived.desk(tmp_path / "receipts", new_reviewer())
    exam = await desk.archive.open(archived.made.exam_id)
    with pytest.raises(Locked):
        await desk.decisions.decide(
            exam,
            exam.attempts[archived.made.attempts[0]],
            verdict=Verdict.NO_FINDING,
            reason="x",
        )


async def test_they_go_when_retention_ends(archived: ArchivedExam, tmp_path: Path) -> None:
    made, desk = archived.made, archived.desk(tmp_path / "receipts")
    exam = await desk.archive.open(made.exam_id)
    attempt = exam.attempts[made.attempts[0]]
    await desk.decisions.decide(exam, attempt, verdict=Verdict.FINDING, reason="x")
    await desk.receipts.looked(made.box_id, made.exam_id, attempt.attempt_id, "snippet", 1)
    await desk.receipts.send(archived.ends.records)
    await clean(made.state, clock=FakeClock(STARTED_MS + 32 * DAY_MS), signer=made.signer)
    for collection in (documents.DECISIONS, documents.RECEIPTS, documents.EXAMS):
        assert await archived.ends.records.find(collection) == []
    name = object_name(attempt.attempt_id, 1)
    assert await archived.ends.objects.stat(f"decisions/{name}") is None


async def test_they_go_with_an_erasure(archived: ArchivedExam, tmp_path: Path) -> None:
    made, desk = archived.made, archived.desk(tmp_path / "receipts")
    exam = await desk.archive.open(made.exam_id)
    one, two = (exam.attempts[attempt] for attempt in made.attempts)
    for attempt in (one, two):
        await desk.decisions.decide(exam, attempt, verdict=Verdict.NO_FINDING, reason="x")
    await erase_on_box(made.state, made.box_id, made.signing_key, made.exam_id, one.attempt_id)
    await finish_erasures(made.state, signer=made.signer)
    (left,) = await archived.ends.records.find(documents.DECISIONS)
    assert left["attempt"] == two.attempt_id
    name = f"decisions/{object_name(one.attempt_id, 1)}"
    assert await archived.ends.objects.stat(name) is None
