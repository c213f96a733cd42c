"""What the reviewer's page refuses: status and words, in one visit."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.core.review_decision import MAX_TEXT
from tests.integration.review.test_report import _page
from tests.support.archived_exam import ArchivedExam
from tests.support.closed_exam import new_id, new_reviewer

_FINDING = {"verdict": "finding", "reason": "Two."}


async def test_a_request_that_cannot_be_served_says_why(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    exam = f"api/exams/{archived.made.exam_id}"
    own = f"{exam}/attempts/{archived.made.attempts[0]}"
    async with _page(archived.desk(tmp_path / "receipts")) as page:
        for path, status, says in (
            (f"{own}/films/1", 404, "no such kind"),
            (f"{own}/snippets/99", 404, "no such picture or video"),
            (f"{exam}/attempts/{new_id()}", 404, "no such attempt"),
            (f"api/exams/{new_id()}", 404, "no "),
            ("api/exams/not-an-id", 400, ""),
        ):
            async with page.get(path) as reply:
                assert reply.status == status, path
                assert says in (await reply.json())["detail"], path
        for body, says in (
            ({}, "not complete"),
            (_FINDING | {"score": 3}, "not complete"),
            (_FINDING | {"reason": " "}, "Write the reason"),
            (_FINDING | {"reason": "x" * (MAX_TEXT + 1)}, "too long"),
        ):
            async with page.post(f"{own}/decisions", json=body) as reply:
                assert reply.status == 400, body
                assert says in (await reply.json())["detail"], body
        async with page.get(f"{own}/films/1", headers={"Accept-Language": "sv-SE"}) as reply:
            detail = (await reply.json())["detail"]
            assert detail == "Det finns inget sådant slag av bild eller film."


@pytest.mark.parametrize("part", ["report.pdf", "snippets/1", "portrait/0"])
async def test_another_key_gets_no_part_of_an_attempt(
    archived: ArchivedExam, tmp_path: Path, part: str
) -> None:
    own = f"api/exams/{archived.made.exam_id}/attempts/{archived.made.attempts[0]}"
    async with (
        _page(archived.desk(tmp_path / "receipts", new_reviewer())) as page,
        page.get(f"{own}/{part}") as reply,
    ):
        assert reply.status == 423
        assert "key does not open" in (await reply.json())["detail"]
