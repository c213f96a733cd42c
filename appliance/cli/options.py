"""The options that every command of `hallvakt` spells the same way."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

DEFAULT_STATE = Path("/var/lib/hallvakt")

State = Annotated[
    Path, Parameter(name="--state", help="The directory where the box keeps its state.")
]
Json = Annotated[
    bool,
    Parameter(name="--json", negative=(), help="Print one JSON document and nothing else."),
]
Timer = Annotated[
    bool,
    Parameter(
        name="--timer", negative=(), help="As the timer calls it: nothing to do is no failure."
    ),
]
PassphraseFd = Annotated[
    int | None,
    Parameter(
        name="--passphrase-fd",
        help="Read the passphrase from this file descriptor instead of asking for it; a second "
        "line is the one-time code.",
    ),
]
As = Annotated[str, Parameter(name="--as", help="Your user name on the box.")]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Which box is asked, and as whom."""

    user: As
    state: State = DEFAULT_STATE
    passphrase_fd: PassphraseFd = None
