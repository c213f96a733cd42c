"""Files this program leaves and files it reads secrets from."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from appliance.core.errors import BadInput, NotFound, Unreachable
from appliance.whole_file import replace_whole
from tui.language import tr
from tui.told import told


def write_file(file: Path, content: bytes, mode: int = 0o600) -> None:
    """In one step, so that a cut leaves what was there before or this. Raises Unreachable."""
    try:
        replace_whole(file, content, mode)
    except Unreachable as error:
        raise type(error)(told(error.message), code=error.code) from error


def secret_in(file: Path) -> str:
    """The first line. Raises BadInput when others may read the file, NotFound without one."""
    try:
        with file.open(encoding="utf-8") as opened:
            if stat.S_IMODE(os.fstat(opened.fileno()).st_mode) & 0o077:
                raise BadInput(
                    tr("{file} holds a secret and others may read it: chmod 600.", file=file)
                )
            return opened.readline().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise BadInput(tr("{file} is not UTF-8 text: save it as UTF-8.", file=file)) from error
    except OSError as error:
        raise NotFound(
            tr("{file} cannot be read: it should hold a passphrase in its first line.", file=file)
        ) from error
