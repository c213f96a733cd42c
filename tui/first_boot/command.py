"""The command `hallvakt` as this program uses it: a process, JSON out, secrets on descriptors."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Collection, Sequence
from typing import Any, Protocol

from appliance.core.errors import (
    BadInput,
    HallvaktError,
    IntegrityFailure,
    Refused,
    Unreachable,
    WrongConfiguration,
)
from tui.language import tr
from tui.told import told

_ERRORS: dict[int, type[HallvaktError]] = {
    2: BadInput,
    3: WrongConfiguration,
    4: Refused,
    5: Unreachable,
    6: IntegrityFailure,
}


class Command(Protocol):
    async def __call__(
        self, *words: str, secrets: Sequence[str] = (), accept: Collection[int] = ()
    ) -> Any:
        """Run `hallvakt WORDS --json` and return its document. `secrets` are the lines it reads
        from its passphrase descriptor. Raises what its exit code stands for, unless that is in
        `accept`."""


async def hallvakt(*words: str, secrets: Sequence[str] = (), accept: Collection[int] = ()) -> Any:
    """The real one; see Command."""
    line = [sys.executable, "-m", "appliance.cli.main", *words, "--json"]
    descriptors: tuple[int, ...] = ()
    if secrets:
        reading = await asyncio.to_thread(_readable, secrets)
        line += ["--passphrase-fd", str(reading)]
        descriptors = (reading,)
    try:
        process = await asyncio.create_subprocess_exec(
            *line,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=descriptors,
        )
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    out, said = await process.communicate()
    code = process.returncode or 0
    if code and code not in accept:
        raise _error(code, said.decode(errors="replace"))
    try:
        return json.loads(out)
    except ValueError:  # an accepted exit code, and still no document: it failed before that
        raise _error(code, said.decode(errors="replace")) from None


def _readable(secrets: Sequence[str]) -> int:
    """A descriptor that gives these lines and then ends; a pipe holds 64 KiB (pipe(7))."""
    reading, writing = os.pipe()
    os.write(writing, "".join(f"{secret}\n" for secret in secrets).encode())
    os.close(writing)
    return reading


def _error(code: int, said: str) -> HallvaktError:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    message = lines[-1].removeprefix("hallvakt: ") if lines else tr("the command said nothing")
    message = told(message)
    kind = _ERRORS.get(code)
    return kind(message) if kind else HallvaktError(message)
