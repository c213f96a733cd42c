"""Media made to hurt: at worst one worker dies, and nothing else."""

from __future__ import annotations

import io
import random
import socket
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from appliance.adapters.workers import codec
from appliance.core.messages import (
    AnalyseSnippet,
    MakeFilmStrip,
    PreparePortrait,
    SnippetMeasured,
    WorkerFailed,
)
from appliance.core.processing import Category
from appliance.rehearsal.clips import encode_webm
from tests.support import clips
from tests.support.media_workers import WorkerProcess, media_worker

EVERYTHING = frozenset(Category)


@pytest.fixture(scope="module")
def hardened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkerProcess]:
    with media_worker(tmp_path_factory.mktemp("hostile")) as process:
        yield process


def claimed_size(side: int) -> bytes:
    """A real snippet whose track header claims another width (element B0, two bytes long)."""
    media = clips.snippet(seconds=2.0)
    honest = b"\xb0\x82" + struct.pack(">H", 320)
    assert media.count(honest) == 1
    return media.replace(honest, b"\xb0\x82" + struct.pack(">H", side))


def inner_size(side: int) -> bytes:
    """A real snippet whose key frames themselves (VP8 start code 9d 01 2a) claim to be huge."""
    honest = b"\x9d\x01\x2a" + struct.pack("<HH", 320, 240)
    media = clips.snippet(seconds=2.0)
    assert honest in media
    return media.replace(honest, b"\x9d\x01\x2a" + struct.pack("<HH", side, side))


def lasting(seconds: int) -> bytes:
    """Two pictures, `seconds` apart."""
    out = io.BytesIO()
    with av.open(out, "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for at_s in (0, seconds):
            frame = av.VideoFrame.from_ndarray(np.full((240, 320, 3), 90, np.uint8), "rgb24")
            frame.pts, frame.time_base = at_s * 10, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return out.getvalue()


def endless_header() -> bytes:
    """Four megabytes of nothing but padding elements (Void, EC) inside an open segment."""
    ebml = clips.snippet(seconds=2.0)[:36]
    segment = b"\x18\x53\x80\x67\x01" + b"\xff" * 7
    return (ebml + segment + b"\xec\x81\x00" * 1_400_000)[: 4 * 1024 * 1024 - 1]


def large_picture() -> bytes:
    return encode_webm([np.full((1080, 1920, 3), 90, np.uint8)] * 3)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "garbage": lambda: random.Random(1).randbytes(200_000),
    "garbage after an honest start": lambda: (
        clips.snippet(seconds=2.0)[:300] + random.Random(2).randbytes(200_000)
    ),
    "a header and nothing else": lambda: clips.snippet(seconds=2.0)[:300],
    "claims 16383 pixels in its pictures": lambda: inner_size(16_383),
    "ten hours": lambda: lasting(36_000),
    "a header that does not end": endless_header,
    "more pixels than a snippet may have": large_picture,
    "a playlist of other files": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a list of other files": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "too large": lambda: b"\x1a\x45\xdf\xa3" + bytes(5 * 1024 * 1024),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_refused_in_words_and_the_worker_lives(
    hardened: WorkerProcess, make: Callable[[], bytes]
) -> None:
    media = make()
    for request in (AnalyseSnippet(media=media, permitted=EVERYTHING), MakeFilmStrip(media=media)):
        reply = hardened.ask(request)
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "bad-media"
        assert reply.message.endswith(".")
    assert hardened.alive()


def test_a_false_claim_in_the_header_is_not_believed(hardened: WorkerProcess) -> None:
    """The pictures' own size counts, and that is a harmless one."""
    reply = hardened.ask(AnalyseSnippet(media=claimed_size(65_535), permitted=EVERYTHING))
    assert isinstance(reply, SnippetMeasured)
    assert reply.thumbnail is not None
    assert Image.open(io.BytesIO(reply.thumbnail)).size == (320, 240)


def test_a_snippet_cut_off_gives_what_is_there(hardened: WorkerProcess) -> None:
    media = clips.snippet(seconds=10.0)
    reply = hardened.ask(AnalyseSnippet(media=media[: len(media) // 2], permitted=EVERYTHING))
    assert isinstance(reply, SnippetMeasured)
    assert 3.0 < reply.duration_s < 7.0
    assert 1 <= len(reply.frames) <= 4


def test_damaged_snippets_never_do_more_than_end_a_worker(hardened: WorkerProcess) -> None:
    honest = clips.snippet(seconds=2.0, sound=True)
    chance = random.Random(20)
    for _ in range(60):
        damaged = bytearray(honest)
        for _ in range(chance.choice((1, 4, 40))):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        try:
            reply = hardened.ask(AnalyseSnippet(media=bytes(damaged), permitted=EVERYTHING))
        except ConnectionError:
            hardened.restart()
            continue
        assert isinstance(reply, SnippetMeasured | WorkerFailed)
        assert isinstance(reply, SnippetMeasured) or reply.code == "bad-media"
    assert isinstance(
        hardened.ask(AnalyseSnippet(media=honest, permitted=EVERYTHING)), SnippetMeasured
    )


def test_photos_made_to_hurt(hardened: WorkerProcess) -> None:
    small = io.BytesIO()
    Image.new("RGB", (64, 64), (90, 90, 90)).save(small, "JPEG")
    bomb = bytearray(small.getvalue())
    frame_header = bomb.index(b"\xff\xc0")
    bomb[frame_header + 5 : frame_header + 9] = struct.pack(">HH", 65_500, 65_500)
    png = io.BytesIO()
    Image.new("RGB", (64, 64)).save(png, "PNG")
    for photo in (b"", b"\xff\xd8\xff", bytes(bomb), png.getvalue(), small.getvalue()[:200]):
        reply = hardened.ask(PreparePortrait(picture=photo, permitted=EVERYTHING))
        assert isinstance(reply, WorkerFailed)
        assert reply.code == "bad-media"


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff\xff",
        struct.pack(">I", 3) + b"abc",
        struct.pack(">I", 0),
        b"\x00",
    ],
    ids=["four gigabytes", "not a message", "empty", "half a length"],
)
def test_a_peer_that_breaks_the_protocol_loses_only_its_connection(
    hardened: WorkerProcess, frame: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(hardened.socket))
        assert connection.recv(4) == codec.GREETING
        connection.sendall(frame)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert isinstance(hardened.ask(MakeFilmStrip(media=b"")), WorkerFailed)


@pytest.mark.parametrize(
    ("work", "signal_number"),
    [("while True: pass", 27), ("import time; time.sleep(30)", 14)],
    ids=["computing (SIGPROF)", "waiting (SIGALRM)"],
)
def test_a_request_that_does_not_end_ends_the_process(work: str, signal_number: int) -> None:
    code = (
        "from appliance.processes.analysis.request_limits import limited\n"
        "with limited(cpu_s=0.2, wall_s=1.0):\n"
        f"    {work}\n"
    )
    if signal_number == 27:
        code = code.replace("wall_s=1.0", "wall_s=200.0")
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parents[3], timeout=250, check=False
    )
    assert done.returncode == -signal_number
