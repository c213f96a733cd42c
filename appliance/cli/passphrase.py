"""Where a passphrase comes from: a file descriptor or a prompt, never an argument or a variable,
which other processes on the machine can read."""

from __future__ import annotations

import getpass
import os
import sys

from appliance.core.errors import BadInput

_LONGEST = 1024


def read_passphrase(fd: int | None, prompt: str, *, confirm: bool = False) -> str:
    """Return one line read from file descriptor `fd`, or asked for without echo when it is None.

    `confirm` asks a person twice, for a new passphrase. Raises BadInput when there is nobody to
    ask, the two differ, or the line is empty.
    """
    text = _from_descriptor(fd) if fd is not None else _from_person(prompt, confirm)
    if not text:
        raise BadInput("The passphrase is empty: type one, or write it to the descriptor.")
    return text


def read_one_time_code(fd: int | None) -> str | None:
    """Return the second line of the descriptor, or what a person types; None when there is none.

    People without a second factor press enter.
    """
    if fd is not None:
        return _from_descriptor(fd) or None
    return getpass.getpass("One-time code (enter for none): ").strip() or None


def _from_descriptor(fd: int) -> str:
    """One line and not a byte more, so that the next secret can follow on the same descriptor."""
    line = bytearray()
    try:
        while len(line) <= _LONGEST and (byte := os.read(fd, 1)) not in (b"", b"\n"):
            line += byte
        return line.decode().rstrip("\r")
    except OSError as error:
        raise BadInput(
            f"File descriptor {fd} cannot be read ({error.strerror}): open it for the command, "
            "for example with `3<FILE`."
        ) from error
    except UnicodeDecodeError:
        raise BadInput("The passphrase on the descriptor is not UTF-8 text.") from None


def _from_person(prompt: str, confirm: bool) -> str:
    if not sys.stdin.isatty():
        raise BadInput(
            "There is no terminal to ask for a passphrase on: hand it in with --passphrase-fd."
        )
    text = getpass.getpass(f"{prompt}: ")
    if confirm and getpass.getpass(f"{prompt}, again: ") != text:
        raise BadInput("The two passphrases differ: try again.")
    return text
