"""What the reviewer's page asks of the server on its own machine."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from appliance.core.errors import BadInput, NotFound
from appliance.core.ids import AttemptId, ExamId, check_id
from appliance.core.review_decision import Signed, Verdict, standing
from appliance.core.snippet import ObjectKind
from appliance.review.archive import OpenAttempt, OpenExam
from appliance.review.decisions import as_documents
from appliance.review.desk import Desk
from appliance.review.recent import Recent
from appliance.review.refusals import in_language
from appliance.review.report import report
from appliance.review.summary import attempt_detail, exam_summary

_KINDS = {
    "snippets": (ObjectKind.SNIPPET, "video/webm"),
    "thumbnails": (ObjectKind.THUMBNAIL, "image/jpeg"),
    "portrait": (ObjectKind.PORTRAIT, "image/jpeg"),
}
# Some ten minutes of video, to go back in without asking the cloud again.
_RECENT_BYTES = 64 * 1024 * 1024


class _Said(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    verdict: Verdict
    reason: str
    answer: str = ""
    answers: int | None = None
    agrees: bool | None = None


class ReviewViews:
    """`not_sent`: why receipts are not in the cloud yet; the page says so."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._opened: dict[ExamId, OpenExam] = {}
        self._opening: dict[ExamId, asyncio.Lock] = {}
        self._recent = Recent(_RECENT_BYTES)
        self.not_sent = ""

    def add_to(self, router: web.UrlDispatcher) -> None:
        router.add_get("/api/desk", self._about)
        router.add_get("/api/exams", self._exams)
        router.add_get("/api/exams/{exam}", self._exam)
        one = "/api/exams/{exam}/attempts/{attempt}"
        router.add_get(one, self._attempt)
        router.add_post(one + "/decisions", self._decide)
        router.add_get(one + "/report.pdf", self._report)
        router.add_get(one + "/{kind}/{sequence:[0-9]{1,7}}", self._object)

    async def _about(self, request: web.Request) -> web.StreamResponse:
        return _json(
            {
                "viewer": self._desk.viewer,
                "second_needed": self._desk.second_needed,
                "not_sent": in_language(request.headers.get("Accept-Language", ""), self.not_sent),
            }
        )

    async def _exams(self, _request: web.Request) -> web.StreamResponse:
        return _json(
            [
                {
                    "exam": exam.exam_id,
                    "box": exam.box_id,
                    "state": exam.state,
                    "closed_ms": exam.closed_ms,
                    "opens": exam.opens,
                }
                for exam in await self._desk.archive.exams()
            ]
        )

    async def _exam(self, request: web.Request) -> web.StreamResponse:
        exam = await self._open(request)
        summary = exam_summary(exam)
        decided = await self._desk.decisions.of_exam(exam)
        for attempt in summary["attempts"]:
            found = decided.get(attempt["attempt"], [])
            attempt["standing"] = self._standing(found)
        return _json(summary)

    async def _attempt(self, request: web.Request) -> web.StreamResponse:
        exam, attempt = await self._open_attempt(request)
        await self._note(exam, attempt, "attempt")
        found = [] if attempt.locked else await self._desk.decisions.of_attempt(exam, attempt)
        return _json({**attempt_detail(attempt), **self._decided(found)})

    async def _decide(self, request: web.Request) -> web.StreamResponse:
        exam, attempt = await self._open_attempt(request)
        try:
            said = msgspec.json.decode(await request.read(), type=_Said)
        except msgspec.DecodeError as error:
            raise BadInput(f"The decision is not complete: {error}.") from None
        found = await self._desk.decisions.decide(
            exam,
            attempt,
            verdict=said.verdict,
            reason=said.reason,
            answer=said.answer,
            answers=said.answers,
            agrees=said.agrees,
        )
        return _json(self._decided(found), status=201)

    async def _report(self, request: web.Request) -> web.StreamResponse:
        exam, attempt = await self._open_attempt(request)
        language = self._desk.languages.language_of(request.query.get("language", "en"))
        await self._note(exam, attempt, "report")
        found = await self._desk.decisions.of_attempt(exam, attempt)
        document = report(
            exam,
            attempt,
            found,
            where=standing(found, second_needed=self._desk.second_needed),
            viewer=self._desk.viewer,
            made_ms=self._desk.clock.now_ms(),
            language=language,
            translate=self._desk.languages.translation(language),
        )
        drawn = await asyncio.to_thread(self._desk.pdf, document)
        name = f"hallvakt-{attempt.attempt_id[:8]}.pdf"
        return web.Response(
            body=drawn,
            content_type="application/pdf",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    async def _object(self, request: web.Request) -> web.StreamResponse:
        kind = _KINDS.get(request.match_info["kind"])
        if kind is None:
            raise NotFound("There is no such kind of picture or video.")
        exam, attempt = await self._open_attempt(request)
        sequence = int(request.match_info["sequence"])

        async def fetch() -> bytes:
            # Written down first: what is loaded ahead counts as looked at, too.
            await self._note(exam, attempt, kind[0].name.lower(), sequence)
            return await self._desk.archive.read(exam, attempt.attempt_id, kind[0], sequence)

        key = (attempt.attempt_id, kind[0], sequence)
        return _ranged(request, await self._recent.get(key, fetch), kind[1])

    async def _note(
        self, exam: OpenExam, attempt: OpenAttempt, kind: str, sequence: int = 0
    ) -> None:
        listing = exam.listing
        await self._desk.receipts.looked(
            listing.box_id, listing.exam_id, attempt.attempt_id, kind, sequence
        )

    async def _open(self, request: web.Request) -> OpenExam:
        exam = ExamId(check_id(request.match_info["exam"]))
        async with self._opening.setdefault(exam, asyncio.Lock()):
            if exam not in self._opened:
                self._opened[exam] = await self._desk.archive.open(exam)
        return self._opened[exam]

    async def _open_attempt(self, request: web.Request) -> tuple[OpenExam, OpenAttempt]:
        exam = await self._open(request)
        attempt = exam.attempts.get(AttemptId(check_id(request.match_info["attempt"])))
        if attempt is None:
            raise NotFound("The exam has no such attempt.")
        return exam, attempt

    def _decided(self, found: list[Signed]) -> dict[str, Any]:
        mine = self._desk.decisions.public_key
        own = {signed.decision.number for signed in found if signed.public_key == mine}
        return {
            "standing": self._standing(found),
            "decisions": [{**d, "own": d["number"] in own} for d in as_documents(found)],
        }

    def _standing(self, found: list[Signed]) -> str:
        return standing(found, second_needed=self._desk.second_needed).value


def _ranged(request: web.Request, content: bytes, content_type: str) -> web.Response:
    """The whole, or the one range asked for (RFC 9110, section 14): players seek with it."""
    headers = {"Accept-Ranges": "bytes"}
    try:
        asked = request.http_range
        start, stop, _ = slice(asked.start, asked.stop).indices(len(content))
    except ValueError:
        start, stop, asked = 0, len(content), slice(None)
    if asked.start is None and asked.stop is None:
        return web.Response(body=content, content_type=content_type, headers=headers)
    if start >= stop:
        return web.Response(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(content)}"
    return web.Response(
        status=206, body=content[start:stop], content_type=content_type, headers=headers
    )


def _json(document: Any, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=msgspec.json.encode(document), content_type="application/json"
    )
