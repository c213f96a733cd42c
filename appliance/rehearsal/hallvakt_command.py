"""Runs the `hallvakt` command line as a person would, with passphrases on a file descriptor."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from appliance.core.errors import HallvaktError

_TIMEOUT_S = 300.0


class CommandFailed(HallvaktError):
    """The command said no: its one line of error, and its exit code."""

    def __init__(self, arguments: tuple[str, ...], exit_code: int, said: str) -> None:
        super().__init__(f"hallvakt {' '.join(arguments[:3])}: {said}")
        self.exit_code = exit_code
        self.said = said


async def hallvakt(
    *arguments: str, passphrase: str | None = None, state: Path | None = None
) -> Any:
    """Run one command with `--json` and return what it printed, decoded (None for nothing)."""
    words = [*arguments, "--json"]
    if state is not None:
        words += ["--state", str(state)]
    pipe: tuple[int, int] | None = None
    if passphrase is not None:
        pipe = os.pipe()
        os.write(pipe[1], passphrase.encode() + b"\n")
        os.close(pipe[1])
        words += ["--passphrase-fd", str(pipe[0])]
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "appliance.cli.main",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            pass_fds=(pipe[0],) if pipe else (),
        )
    finally:
        if pipe:
            os.close(pipe[0])
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            out, said = await process.communicate()
    except TimeoutError:
        process.kill()
        raise
    if process.returncode:
        raise CommandFailed(arguments, process.returncode, said.decode().strip())
    return msgspec.json.decode(out) if out.strip() else None
