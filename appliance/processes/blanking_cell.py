"""The process that decodes and encodes a candidate's video for an export: it holds no key.

    python -m appliance.processes.blanking_cell

Whoever exports has a reviewer's key in memory, and the videos are what a candidate sent; so they
are decoded in a process of their own, which shuts itself away as the media worker does and speaks
over its standard input and output: four zero bytes when it is ready, then a 4-byte big-endian
length and MessagePack, one reply to one request, until the input ends.
"""

from __future__ import annotations

import os
import signal
import struct
import sys
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from appliance.adapters.host import sandbox
from appliance.adapters.host.core_dumps import leave_no_core_dump
from appliance.core.errors import BadMedia, HallvaktError

LENGTH = struct.Struct(">I")


class Request(msgspec.Struct, frozen=True):
    """`spans`: seconds from the first packet."""

    media: bytes
    spans: tuple[tuple[float, float], ...]


class Reply(msgspec.Struct, frozen=True):
    """Without `media` the video could not be blanked, and `sentence` says why."""

    media: bytes | None = None
    sentence: str = ""


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever exports, who ends us
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    try:
        leave_no_core_dump()
        sandbox.leave_the_network()
        blank = _load()
        sandbox.lock_down([])
    except HallvaktError as error:
        sys.stderr.write(error.message + "\n")
        return error.exit_code
    _serve(sys.stdin.buffer, sys.stdout.buffer, blank)
    return 0


Blank = Callable[[bytes, tuple[tuple[float, float], ...]], bytes]


def _load() -> Blank:
    """Import everything now: after the lock-down no library file can be read any more."""
    from appliance.adapters.media.blanking import blank
    from appliance.adapters.media.preload import import_every_part

    import_every_part()
    return blank


def _serve(requests: BinaryIO, replies: BinaryIO, blank: Blank) -> None:
    read = msgspec.msgpack.Decoder(Request)
    replies.write(LENGTH.pack(0))
    replies.flush()
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        request = read.decode(requests.read(LENGTH.unpack(head)[0]))
        try:
            reply = Reply(media=blank(request.media, request.spans))
        except BadMedia as error:
            reply = Reply(sentence=error.message)
        packed = msgspec.msgpack.encode(reply)
        replies.write(LENGTH.pack(len(packed)) + packed)
        replies.flush()


if __name__ == "__main__":
    sys.exit(main())
