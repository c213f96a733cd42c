"""Files this program leaves and files it reads secrets from."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from appliance.core.errors import BadInput, NoRoom, NotFound
from tui.language import tr


def write_file(file: Path, content: bytes, mode: int = 0o600) -> None:
    """In one step, so that a cut leaves what was there before or this. Raises NoRoom."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        fresh.replace(file)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise NoRoom(
            tr("{file} cannot be written ({why}).", file=file, why=error.strerror)
        ) from error


def secret_in(file: Path) -> str:
    """The first line. Raises BadInput when others may read the file, NotFound without one."""
    try:
        with file.open(encoding="utf-8") as opened:
            if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise BadInput(
                    tr("{file} holds a secret and others may read it: chmod 600.", file=file)
                )
            return opened.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NotFound(
            tr("{file} cannot be read: it should hold a passphrase in its first line.", file=file)
        ) from error
