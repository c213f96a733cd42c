"""Log lines of the box's processes: one JSON object a line, on standard error.

Who and what is never in it, only ids of errors, codes and counts. Text of exceptions and arguments
of foreign libraries can quote what a request held (a token in a broken header, a name in a row), so
neither is written: an exception is its type and the places it passed through, and a library's line
is its template.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterator, MutableMapping
from functools import partial
from types import TracebackType
from typing import Any

import structlog

from appliance.processes.log_limit import LogLimit

_PLACES = 30  # innermost frames kept of one exception


def log_to_stderr() -> None:
    """Call once, before the first line."""
    limit = LogLimit()
    structlog.configure(
        processors=[
            partial(_limited, limit),
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_values,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    foreign = logging.StreamHandler(sys.stderr)
    foreign.setFormatter(TemplateOnly())
    foreign.addFilter(lambda r: limit.withheld(f"{r.name}:{r.module}:{r.lineno}") is not None)
    logging.basicConfig(level=logging.WARNING, handlers=[foreign], force=True)
    sys.excepthook = _uncaught
    threading.excepthook = lambda args: last_words("uncaught in a thread", args.exc_value)
    sys.unraisablehook = lambda args: last_words("could not be raised", args.exc_value)


def say_nothing() -> None:
    """For a command whose answer is all that a person or script should read."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _limited(
    limit: LogLimit, _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A processor of structlog: drops what is said too often, and says with the next line of that
    kind how many were dropped."""
    withheld = limit.withheld(str(event.get("event", "")))
    if withheld is None:
        raise structlog.DropEvent
    if withheld:
        event["withheld"] = withheld
    return event


def without_values(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A processor of structlog: `exc_info` becomes `exception`, in `places`' words."""
    given = event.pop("exc_info", None)
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["exception"] = places(error)
    return event


def places(error: BaseException) -> list[str]:
    """Types and lines of code, of `error` and what caused it: nothing that was a value."""
    return [line for link in _causes(error) for line in _places(link)]


class TemplateOnly(logging.Formatter):
    """A line of a foreign library: where it was logged, and its text when that is a template.
    A text without arguments may be one that was put together beforehand: it is left out."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "logger": record.name,
            "at": f"{record.module}:{record.lineno}",
            "level": record.levelname.lower(),
        }
        if record.args:
            line["event"] = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = places(record.exc_info[1])
        return json.dumps(line)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        if isinstance(link, BaseExceptionGroup):
            for part in link.exceptions:
                yield from _causes(part)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _places(error: BaseException) -> Iterator[str]:
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame, line in list(traceback.walk_tb(error.__traceback__))[-_PLACES:]:
        yield f"{frame.f_globals.get('__name__', '?')}:{line} {frame.f_code.co_name}"


def _uncaught(
    _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
) -> None:
    last_words("uncaught", error)


def last_words(what: str, error: BaseException | None) -> None:
    """A line about what nobody caught, without structlog: also for a child that was forked."""
    line = {"event": what, "level": "error", "exception": places(error) if error else []}
    sys.stderr.write(json.dumps(line) + "\n")
