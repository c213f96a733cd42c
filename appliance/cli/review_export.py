"""`hallvakt review export`: a person's own data, for that person (GDPR Art. 15)."""

from __future__ import annotations

import asyncio
import shutil
import zipfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.cli.options import Json
from appliance.cli.output import answer
from appliance.cli.record_pdf import as_pdf
from appliance.core.documents import markdown
from appliance.core.errors import BadInput, Conflict, NotFound
from appliance.core.ids import AttemptId, ExamId, check_id
from appliance.core.passages import Choice, Passage, parse_choices
from appliance.processes.blanker import blanking
from appliance.review.archive import Archive, OpenExam
from appliance.review.export import Export, prepare
from appliance.whole_file import create_whole, unwritable, whole_file


async def export_from(
    archive: Archive,
    attempt: str,
    *,
    out: Path | None,
    exam: str | None,
    others: Choice,
    passages: Path | None,
    audit: Path | None,
    json: Json,
) -> None:
    """Write the export, or without `out` only say which passages have to be decided."""
    extract = None if audit is None else await asyncio.to_thread(_read, audit)
    chosen = "" if passages is None else (await asyncio.to_thread(_read, passages)).decode()
    wanted = AttemptId(check_id(attempt))
    opened = await _exam_with(archive, wanted, exam)
    export = prepare(
        opened,
        wanted,
        others=others,
        choose=lambda found: parse_choices(chosen, found),
        audit=extract,
    )
    if out is not None:
        async with _place(out) as add:
            async with blanking() as blanker:
                async for name, content in export.files(archive, opened, blanker.blank):
                    await asyncio.to_thread(add, name, content)
            report = export.report()
            await asyncio.to_thread(add, "report.md", markdown(report).encode())
            await asyncio.to_thread(add, "report.pdf", await asyncio.to_thread(as_pdf, report))
    answer(_document(export, out), _lines(export, out), as_json=json)


async def _exam_with(archive: Archive, attempt: AttemptId, exam: str | None) -> OpenExam:
    exams = [ExamId(check_id(exam))] if exam else [e.exam_id for e in await archive.exams()]
    for one in exams:
        opened = await archive.open(one)
        if attempt in opened.attempts:
            return opened
    raise NotFound("The cloud copy has no such attempt: check the id.")


def _document(export: Export, out: Path | None) -> dict[str, Any]:
    return {
        "out": None if out is None else str(out),
        "videos": [n for n in export.included if n not in export.unreadable],
        "left_out": sorted({*export.left_out, *export.unreadable}),
        "blanked": sorted(set(export.blanked) - export.unreadable),
        "passages": [
            {
                "number": p.number,
                "kind": None if p.kind is None else p.kind.value,
                "started_ms": p.started_ms,
                "ended_ms": p.ended_ms,
                "videos": list(p.sequences),
                "choice": export.choices[p.number].value,
            }
            for p in export.passages
        ],
    }


def _lines(export: Export, out: Path | None) -> list[str]:
    lines = [_passage(p, export.choices[p.number]) for p in export.passages]
    if lines:
        lines.insert(0, "Somebody else may be in these passages:")
        lines.append("Decide them with --passages FILE, or all at once with --others.")
    if out is None:
        return [*lines, "Nothing was written: name a place with --out."]
    return [
        *lines,
        f"{out}: {len(export.included) - len(export.unreadable)} videos, "
        f"{len(export.left_out) + len(export.unreadable)} left out. Look at them before you hand "
        "them over; they are not encrypted any more.",
        *_not_blanked(export),
    ]


def _not_blanked(export: Export) -> list[str]:
    if not export.unreadable:
        return []
    numbers = ", ".join(map(str, sorted(export.unreadable)))
    return [f"Left out because they could not be read to be blanked: {numbers}."]


def _passage(passage: Passage, choice: Choice) -> str:
    at = datetime.fromtimestamp(passage.started_ms / 1000, UTC).strftime("%H:%M:%S")
    why = "nobody looked at it" if passage.kind is None else passage.kind.value
    videos = ", ".join(map(str, passage.sequences))
    return f"  {passage.number} {choice.value}  # {at} UTC, {why}, videos {videos}"


_Add = Callable[[str, bytes], None]


@asynccontextmanager
async def _place(out: Path) -> AsyncIterator[_Add]:
    """Where the export's files go; nothing of it is left when it breaks off: they are not encrypted
    any more."""
    place = _in_zip(out) if out.suffix == ".zip" else _in_directory(out)
    add = await asyncio.to_thread(place.__enter__)
    try:
        yield add
    except BaseException as error:
        if not await asyncio.to_thread(place.__exit__, type(error), error, error.__traceback__):
            raise
    else:
        await asyncio.to_thread(place.__exit__, None, None, None)


@contextmanager
def _in_directory(path: Path) -> Iterator[_Add]:
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise unwritable(path, error) from error

    def add(name: str, content: bytes) -> None:
        file = path / name
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise unwritable(file, error) from error
        create_whole(file, content)

    try:
        yield add
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise


@contextmanager
def _in_zip(path: Path) -> Iterator[_Add]:
    """Stored, not compressed: video does not shrink."""
    if path.exists():
        raise _taken(path)
    with whole_file(path, replace=False) as file, zipfile.ZipFile(file, "w") as zipped:
        yield zipped.writestr


def _taken(path: Path) -> Conflict:
    return Conflict(f"There is already something at {path}: choose another name.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): look at the name.") from error
