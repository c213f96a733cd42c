"""`hallvakt review`: what a reviewer's key opens, elsewhere, from the cloud copy alone."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from appliance.adapters.crypto.private_keys import read_private_key
from appliance.cli.options import Json, PassphraseFd
from appliance.cli.output import answer, table
from appliance.cli.passphrase import read_passphrase
from appliance.cli.review_desk import desk, located_ends
from appliance.cli.review_export import export_from
from appliance.config.cloud_file import load_cloud_file
from appliance.core.errors import NotFound
from appliance.core.ids import AttemptId, ExamId, check_id
from appliance.core.passages import Choice
from appliance.core.snippet import ObjectKind
from appliance.languages import read_languages
from appliance.review.archive import Archive
from appliance.review.desk import Desk
from appliance.review.page import ReviewPage
from appliance.review.receipts import sent_receipts
from appliance.review.summary import exam_summary
from appliance.whole_file import create_whole

app = App(name="review", help="Open what a reviewer's key can open.")

_COLUMNS = ("hall", "seat", "pseudonym", "snippets", "incidents", "confirmed", "locked", "attempt")


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """Where the cloud copy is, and whose key opens it.

    Parameters
    ----------
    cloud
        The file that says where objects and records are (cloud.toml).
    key
        The reviewer's private key file.
    """

    cloud: Path
    key: Path
    passphrase_fd: PassphraseFd = None


@app.command(name="open")
async def open_(
    *,
    who: Reviewer,
    viewer: str | None = None,
    receipts: Path | None = None,
    port: int = 0,
    json: Json = False,
) -> None:
    """Show the archive in a browser on this machine, until interrupted.

    Parameters
    ----------
    viewer
        Your name, drawn over every picture and put under your decisions; else the key's label.
    receipts
        Where it is written down what you look at; else beside the key file.
    port
        Port on 127.0.0.1; 0 takes a free one.
    """
    async with (
        _desk(who, viewer, receipts) as desk,
        ReviewPage(desk).serve(port) as address,
    ):
        answer({"url": address}, f"Open {address} in a browser. Ctrl+C ends it.", as_json=json)
        await asyncio.Event().wait()


@app.command(name="list")
async def list_(
    *, who: Reviewer, exam: Annotated[str | None, Parameter()] = None, json: Json = False
) -> None:
    """List exams and attempts, after their manifests were verified.

    Parameters
    ----------
    exam
        Only the exam of this id.
    """
    async with _desk(who) as desk:
        archive, own_key = desk.archive, desk.decisions.public_key.hex()
        wanted = [ExamId(check_id(exam))] if exam else [e.exam_id for e in await archive.exams()]
        exams = [exam_summary(await archive.open(one)) for one in wanted]
    lines = []
    for summary in exams:
        lines.append(f"{summary['title'] or 'not for this key'}  {summary['exam']}")
        lines.append(f"  signed by the box {summary['fingerprint']}")
        lines += [f"  {line}" for line in table(summary["attempts"], _COLUMNS)]
    lines = lines or ["The cloud copy holds no exam."]
    lines.append(f"Your key signs decisions as {own_key}")
    answer({"exams": exams, "reviewer_key": own_key}, lines, as_json=json)


@app.command(name="receipts")
async def receipts_(*, who: Reviewer, exam: str, json: Json = False) -> None:
    """Who looked at what of an exam on reviewers' machines, for the data protection officer.

    Parameters
    ----------
    exam
        Id of the exam.
    """
    async with _desk(who) as desk:
        looks = await sent_receipts(desk.records, ExamId(check_id(exam)))
    rows = [{**look, "at": _time(look["at_ms"])} for look in looks]
    columns = ("at", "viewer", "attempt", "kind", "sequence")
    answer(
        {"receipts": looks},
        table(rows, columns) if rows else "Nobody's receipts of this exam are in the cloud.",
        as_json=json,
    )


@app.command
async def extract(
    *,
    who: Reviewer,
    attempt: str,
    sequence: int,
    out: Path,
    exam: str | None = None,
    kind: ObjectKind = ObjectKind.SNIPPET,
    json: Json = False,
) -> None:
    """Write one video or picture, decrypted, to a file.

    Parameters
    ----------
    attempt
        Id of the attempt.
    sequence
        Number of the snippet (0 for the face photo and the record).
    out
        The file to make; never replaced.
    exam
        Id of the exam; saves looking through all.
    kind
        What to write: snippet, portrait, thumbnail or record.
    """
    wanted = AttemptId(check_id(attempt))
    async with _archive(who) as archive:
        exams = [ExamId(check_id(exam))] if exam else [e.exam_id for e in await archive.exams()]
        for one in exams:
            opened = await archive.open(one)
            if wanted in opened.attempts:
                content = await archive.read(opened, wanted, kind, sequence)
                break
        else:
            raise NotFound("The cloud copy has no such attempt: check the id.")
    await asyncio.to_thread(create_whole, out, content)
    document = {
        "out": str(out),
        "bytes": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    answer(
        document,
        f"{out}: {len(content)} bytes, not encrypted any more: delete it when it is used.",
        as_json=json,
    )


@app.command
async def export(
    *,
    who: Reviewer,
    attempt: str,
    out: Path | None = None,
    exam: str | None = None,
    others: Choice = Choice.LEAVE_OUT,
    passages: Path | None = None,
    audit: Path | None = None,
    json: Json = False,
) -> None:
    """Give a person their own data: a report, their videos and photo, and nobody else's.

    Without --out it says only which passages have to be decided.

    Parameters
    ----------
    attempt
        Id of the attempt.
    out
        A directory to make, or a .zip file.
    exam
        Id of the exam; saves looking through all.
    others
        What happens with passages in which somebody else may be seen or heard.
    passages
        A file that decides them one by one: a number and include, blank or
        leave-out on each line.
    audit
        Who looked at what: the box's `hallvakt audit show --attempt ID --json`.
    """
    async with _archive(who) as archive:
        await export_from(
            archive,
            attempt,
            out=out,
            exam=exam,
            others=others,
            passages=passages,
            audit=audit,
            json=json,
        )


@asynccontextmanager
async def _archive(who: Reviewer) -> AsyncIterator[Archive]:
    cloud = await asyncio.to_thread(load_cloud_file, who.cloud)
    passphrase = read_passphrase(who.passphrase_fd, f"Passphrase of {who.key.name}")
    key = await asyncio.to_thread(read_private_key, who.key, passphrase)
    async with located_ends(cloud.cloud) as ends:
        yield Archive(ends.objects, ends.records, key.for_opening(), trusted=cloud.trust.keys())


@asynccontextmanager
async def _desk(
    who: Reviewer, viewer: str | None = None, receipts: Path | None = None
) -> AsyncIterator[Desk]:
    cloud = await asyncio.to_thread(load_cloud_file, who.cloud)
    passphrase = read_passphrase(who.passphrase_fd, f"Passphrase of {who.key.name}")
    key = await asyncio.to_thread(read_private_key, who.key, passphrase)
    noted = receipts or who.key.with_name(f"{who.key.name}.receipts")
    name = " ".join((viewer or key.label).split())[:80]
    async with located_ends(cloud.cloud) as ends:
        yield desk(
            ends,
            key,
            trusted=cloud.trust.keys(),
            reviewers=cloud.trust.reviewers(),
            receipts=noted,
            viewer=name,
            languages=await asyncio.to_thread(read_languages),
            second_needed=cloud.review.second_reviewer,
        )


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(sep=" ", timespec="seconds")[:19]
