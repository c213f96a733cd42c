"""The report as PDF says what was found, decided and proven; videos are fetched by range."""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import aiohttp
import pytest

from appliance.cli.record_pdf import as_pdf
from appliance.core.ids import pseudonym
from appliance.core.ports import ObjectCloud
from appliance.core.snippet import ObjectKind
from appliance.processes.cloud_ends import CloudEnds
from appliance.review.desk import Desk
from appliance.review.page import ReviewPage
from tests.support.archived_exam import ArchivedExam
from tests.support.closed_exam import HALL, TITLE


@asynccontextmanager
async def _page(desk: Desk) -> AsyncIterator[aiohttp.ClientSession]:
    async with ReviewPage(desk).serve() as address:
        base, _, token = address.partition("#token=")
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(base, cookie_jar=jar) as page:
            await (await page.post("enter", data=token)).read()
            yield page


def _text_of(pdf: bytes) -> str:
    """Of a document in PDF's own fonts, where a text is its letters in Latin-1."""
    found = []
    for stream in re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        try:  # a stream's last byte may look like the end of its line: what is over is left over
            content = zlib.decompressobj().decompress(stream)
        except zlib.error:
            continue
        found += re.findall(rb"\(((?:[^\\()]|\\.)*)\) Tj", content)
    return " ".join(re.sub(rb"\\(.)", rb"\1", part).decode("latin-1") for part in found)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Review: ", "waits for a second reviewer", "finding")),
        ("sv", ("Granskning: ", "väntar på en andra granskare", "anmärkning")),
    ],
)
async def test_the_report_says_what_was_found_decided_and_proven(
    archived: ArchivedExam, tmp_path: Path, language: str, words: tuple[str, ...]
) -> None:
    made = archived.made
    desk = archived.desk(tmp_path / "receipts")
    desk = replace(desk, pdf=partial(as_pdf, fonts=tmp_path / "none"))
    own = f"api/exams/{made.exam_id}/attempts/{made.attempts[0]}"
    said = {"verdict": "finding", "reason": "Två personer syns.", "answer": "Larmet hördes."}
    async with _page(desk) as page:
        await (await page.post(f"{own}/decisions", json=said)).read()
        async with page.get(f"{own}/report.pdf?language={language}") as reply:
            assert reply.status == 200
            assert reply.headers["Content-Disposition"].endswith('.pdf"')
            text = _text_of(await reply.read())
    opened = await archived.archive().open(made.exam_id)
    for word in (
        *words,
        desk.languages.translation(language)("more than one person in view"),
        TITLE,
        f"{HALL} A1",
        "Anna Granskare",
        "Två personer syns.",
        "Larmet hördes.",
        "Brandlarmet gick.",
        "Två ansikten.",
        pseudonym(made.attempts[0]),
        opened.fingerprint,
        opened.listing.chain.root.hex()[:16],
    ):
        assert word.lower() in text.lower(), (word, text)
    assert pseudonym(made.attempts[1]) not in text


class _Asked:
    """The object store, and what of it was asked for."""

    def __init__(self, real: ObjectCloud) -> None:
        self._real = real
        self.ranges: list[tuple[str, int, int | None]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def get(self, name: str, start: int = 0, length: int | None = None) -> bytes:
        self.ranges.append((name, start, length))
        return await self._real.get(name, start, length)


async def test_a_video_is_fetched_alone_and_once_and_served_by_range(
    archived: ArchivedExam, tmp_path: Path
) -> None:
    made = archived.made
    asked = _Asked(archived.ends.objects)
    ends = CloudEnds(objects=cast("ObjectCloud", asked), records=archived.ends.records)
    first = made.attempts[0]
    plain = made.plain[first, ObjectKind.SNIPPET, 2]
    video = f"api/exams/{made.exam_id}/attempts/{first}/snippets/2"
    placed = (await archived.archive().open(made.exam_id)).attempts[first].placed
    entry = placed[ObjectKind.SNIPPET, 2]
    async with _page(archived.desk(tmp_path / "receipts", ends=ends)) as page:

        async def ranged(wanted: str) -> tuple[int, str | None, bytes]:
            async with page.get(video, headers={"Range": wanted}) as reply:
                return reply.status, reply.headers.get("Content-Range"), await reply.read()

        await (await page.get(f"api/exams/{made.exam_id}")).read()
        asked.ranges.clear()  # records, of the attempts that are listed
        size = len(plain)
        assert await ranged("bytes=10-19") == (206, f"bytes 10-19/{size}", plain[10:20])
        assert await ranged("bytes=5-") == (206, f"bytes 5-{size - 1}/{size}", plain[5:])
        assert await ranged("bytes=-7") == (206, f"bytes {size - 7}-{size - 1}/{size}", plain[-7:])
        status, where, _ = await ranged(f"bytes={size}-")
        assert (status, where) == (416, f"bytes */{size}")
        async with page.get(video) as reply:
            assert (reply.status, await reply.read()) == (200, plain)
    assert asked.ranges == [(f"packs/{entry.entry.pack}", entry.offset, entry.entry.size)]
