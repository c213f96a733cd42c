"""What is said when the console itself fails: calm words, and where it happened, to mend it.

Neither the values of variables nor the error's own text are written: both hold what the console
holds, names of candidates first of all, and a terminal's scrollback outlives the exam.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from textual.worker import WorkerFailed

from tui.language import tr

_MOST_FRAMES = 30  # the innermost; a fault that calls itself has a thousand
_HERE = Path(__file__).parents[1]


def fall_words(error: BaseException) -> str:
    """Some lines about a failure nobody foresaw."""
    return "\n".join(
        (
            tr("The console has stopped because of a fault of its own."),
            tr("Recording goes on and nothing is lost. Start the console again and log in."),
            tr("If it happens again, give these lines to the technician; they hold no names:"),
            "",
            *_where(error),
        )
    )


def say_falls_without_values() -> None:
    """Errors that end the process are told so too, in the place of Python's own words."""
    sys.excepthook = _say


def _say(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    print(fall_words(error), file=sys.stderr)  # noqa: T201 - the last words of the process


def _where(error: BaseException) -> Iterator[str]:
    while isinstance(error, WorkerFailed):
        error = error.error
    for frame in traceback.extract_tb(error.__traceback__)[-_MOST_FRAMES:]:
        yield f"  {_short(frame.filename)}:{frame.lineno} {frame.name}: {frame.line}"
    yield f"  {type(error).__module__}.{type(error).__qualname__}"
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        yield "  " + tr("because of")
        yield from _where(cause)


def _short(file: str) -> str:
    """Without the directories of this machine, which may carry a person's name."""
    path = Path(file)
    for root in (_HERE, *map(Path, sys.path)):
        if root.is_absolute() and path.is_relative_to(root):
            return str(path.relative_to(root))
    return path.name
