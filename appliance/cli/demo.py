"""`hallvakt demo`: a whole exam on this machine, with everything real and a report at the end."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import msgspec
import structlog
from cyclopts import Parameter

from appliance.cli.demo_review import review
from appliance.cli.options import Json
from appliance.cli.output import answer
from appliance.core.errors import BadInput, IntegrityFailure
from appliance.rehearsal.report import DemoReport, lines
from appliance.rehearsal.school import LEAD, School
from appliance.rehearsal.whole_exam import Plan, hold_whole_exam
from appliance.whole_file import replace_whole


def demo(
    *,
    candidates: int = 6,
    browser_candidates: int = 1,
    seconds: float = 120.0,
    console: Annotated[bool | None, Parameter(negative="--no-console")] = None,
    report: Path | None = None,
    keep: Path | None = None,
    json: Json = False,
) -> None:
    """Hold a whole exam on this machine: box, relay, candidates, console, night, review.

    Parameters
    ----------
    candidates
        Simulated candidates; the first four stage one event each.
    browser_candidates
        Candidates in a real headless browser.
    seconds
        How long the exam is live.
    console
        Open the console in this terminal (the default where there is one).
    report
        Write the report to this file as JSON.
    keep
        Keep everything that was made in this directory, which must be empty or not exist.
    """
    if candidates + browser_candidates < 1 or min(candidates, browser_candidates) < 0:
        raise BadInput("An exam needs at least one candidate: use --candidates.")
    if not 30 <= seconds <= 4 * 3600:
        raise BadInput("--seconds must be between 30 (shorter stages nothing) and 14400.")
    at_terminal = sys.stdin.isatty() and sys.stderr.isatty()
    plan = Plan(candidates=candidates, browser_candidates=browser_candidates, seconds=seconds)
    with _directory(keep) as directory, (directory / "demo.log").open("w") as log_file:
        # Not to the terminal: the console draws there.
        logging.basicConfig(stream=log_file, level=logging.WARNING)
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(log_file))
        done = asyncio.run(
            hold_whole_exam(
                plan,
                directory,
                lambda line: print(line, file=sys.stderr, flush=True),
                review,
                _run_console if (at_terminal if console is None else console) else None,
            )
        )
    if report is not None:
        replace_whole(
            report, msgspec.json.format(msgspec.json.encode(done), indent=2) + b"\n", 0o644
        )
    answer(done, lines(done), as_json=json)
    _fail_unless_good(done)


def _fail_unless_good(done: DemoReport) -> None:
    if shortcomings := done.shortcomings():
        raise IntegrityFailure(f"Not all promises held: {'; '.join(shortcomings)}.")


@contextmanager
def _directory(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="hallvakt-demo-") as made:
            yield Path(made)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise BadInput(f"{keep} is not empty: choose another directory for --keep.")
    yield keep.absolute()


def _run_console(school: School, exam_code: str) -> asyncio.Future[None]:
    """The console in this terminal, logged in already; ends when the person leaves it."""

    async def run() -> None:
        reading, writing = os.pipe()
        os.write(writing, school.passphrases.lead.encode() + b"\n")
        os.close(writing)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tui",
                "--state", str(school.state),
                "--user", LEAD,
                "--exam", exam_code,
                "--passphrase-fd", str(reading),
                pass_fds=(reading,),
            )  # fmt: skip
        finally:
            os.close(reading)
        await process.wait()

    return asyncio.ensure_future(run())
