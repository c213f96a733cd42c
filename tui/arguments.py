"""The console's command line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from tui.terminal_pictures.way import WISHES


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    state: Path | None
    url: str | None
    ca: Path | None
    ca_fingerprint: str
    boxes: Path | None
    box: tuple[str, ...]
    socket: Path | None
    wait: bool
    user: str
    exam: str
    letters: bool
    plain: bool
    language: str
    pictures: str
    screenshot: Path | None
    size: tuple[int, int]
    passphrase_fd: int | None


def parse(argv: list[str] | None = None) -> Arguments:
    """Raises SystemExit 2 with one line when the arguments are wrong."""
    parser = argparse.ArgumentParser(
        prog="hallvakt console", description="The invigilator's console."
    )
    parser.add_argument("--state", type=Path, help="state directory of a box on this machine")
    parser.add_argument("--socket", type=Path, help="the box's Unix socket")
    parser.add_argument("--url", help="address of a box on the network, https://...")
    parser.add_argument("--ca", type=Path, help="the box's certificate authority (tls/ca.pem)")
    parser.add_argument(
        "--ca-fingerprint",
        default="",
        metavar="SHA256",
        help="the authority's fingerprint; a --ca file with another one is refused",
    )
    parser.add_argument(
        "--boxes", type=Path, metavar="FILE", help="several boxes, a [[box]] table each (TOML)"
    )
    parser.add_argument(
        "--box",
        action="append",
        default=[],
        metavar="NAME=URL,CA",
        help="one of several boxes; NAME=DIR for a state directory of this machine",
    )
    parser.add_argument(
        "--wait",
        action="store_true",
        help="while no box runs here, wait for it with words on screen",
    )
    parser.add_argument("--user", default="", help="fill in the user's name")
    parser.add_argument("--exam", default="", help="go straight to the exam with this code")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="lines and typed commands instead of drawing: for screen readers and pipes",
    )
    parser.add_argument(
        "--letters", action="store_true", help="letters instead of signs, for simple terminals"
    )
    parser.add_argument(
        "--language", default="", help="sv or en; what the terminal asks for when not given"
    )
    parser.add_argument(
        "--pictures",
        choices=WISHES,
        default="",
        help="how to show pictures: what the terminal can do (auto), one of its ways whatever it"
        " says, half blocks, or words only (off)",
    )
    parser.add_argument(
        "--screenshot",
        type=Path,
        metavar="FILE",
        help="write an SVG of the exam's hall, names hidden and without pictures, and end",
    )
    parser.add_argument("--size", default="120x40", metavar="COLUMNSxLINES")
    parser.add_argument(
        "--passphrase-fd",
        type=int,
        metavar="FD",
        help="read the passphrase from this file descriptor and log in at once",
    )
    given = parser.parse_args(argv)
    if given.wait and not (given.state or given.socket):
        parser.error("--wait is for a box on this machine: --state or --socket")
    columns, _, lines = given.size.partition("x")
    if not (columns.isdecimal() and lines.isdecimal()):
        parser.error("--size is written like 120x40")
    if given.boxes or given.box:
        if given.state or given.socket or given.url or given.ca or given.ca_fingerprint:
            parser.error("--boxes and --box take the place of --state, --socket, --url and --ca")
        if given.plain or given.screenshot or given.passphrase_fd is not None:
            parser.error("--plain, --screenshot and --passphrase-fd are for a single box")
    return Arguments(
        state=given.state,
        url=given.url,
        ca=given.ca,
        ca_fingerprint=given.ca_fingerprint,
        boxes=given.boxes,
        box=tuple(given.box),
        socket=given.socket,
        wait=given.wait,
        user=given.user,
        exam=given.exam,
        letters=given.letters,
        plain=given.plain,
        language=given.language,
        pictures=given.pictures,
        screenshot=given.screenshot,
        size=(int(columns), int(lines)),
        passphrase_fd=given.passphrase_fd,
    )
