"""`hallvakt review export`: a person's own data, for that person (GDPR Art. 15)."""

from __future__ import annotations

import asyncio
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from appliance.cli.options import Json
from appliance.cli.output import answer
from appliance.cli.record_pdf import as_pdf
from appliance.core.documents import markdown
from appliance.core.errors import BadInput, Conflict, NotFound, Unreachable
from appliance.core.ids import AttemptId, ExamId, check_id
from appliance.core.passages import Choice, Passage, parse_choices
from appliance.processes.blanker import blanking
from appliance.review.archive import Archive, OpenExam
from appliance.review.export import Export, prepare


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
        place = _Zip(out) if out.suffix == ".zip" else _Directory(out)
        await asyncio.to_thread(place.open)
        try:
            async with blanking() as blanker:
                async for name, content in export.files(archive, opened, blanker.blank):
                    await asyncio.to_thread(place.add, name, content)
            report = export.report()
            await asyncio.to_thread(place.add, "report.md", markdown(report).encode())
            pdf = await asyncio.to_thread(as_pdf, report)
            await asyncio.to_thread(place.add, "report.pdf", pdf)
        finally:
            await asyncio.to_thread(place.close)
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


class _Directory:
    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self) -> None:
        try:
            self._path.mkdir(mode=0o700)
        except FileExistsError:
            raise _taken(self._path) from None
        except OSError as error:
            raise _not_writable(self._path, error) from error

    def add(self, name: str, content: bytes) -> None:
        file = self._path / name
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
                opened.write(content)
        except OSError as error:
            raise _not_writable(file, error) from error

    def close(self) -> None:
        return


class _Zip:
    """Stored, not compressed: video does not shrink."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None

    def open(self) -> None:
        try:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise _taken(self._path) from None
        except OSError as error:
            raise _not_writable(self._path, error) from error
        self._file = os.fdopen(descriptor, "r+b")
        self._zip = zipfile.ZipFile(self._file, "w")

    def add(self, name: str, content: bytes) -> None:
        assert self._zip is not None
        try:
            self._zip.writestr(name, content)
        except OSError as error:
            raise _not_writable(self._path, error) from error

    def close(self) -> None:
        if self._zip is not None:
            self._zip.close()
            self._file.close()


def _taken(path: Path) -> Conflict:
    return Conflict(f"There is already something at {path}: choose another name.")


def _not_writable(path: Path, error: OSError) -> Unreachable:
    return Unreachable(f"{path} cannot be written: {error.strerror}.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read ({error.strerror}): look at the name.") from error
