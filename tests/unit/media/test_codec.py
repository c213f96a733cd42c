from __future__ import annotations

import msgspec
import pytest

from appliance.adapters.workers import codec
from appliance.core.errors import BadInput, TooLarge
from appliance.core.messages import (
    AnalyseSnippet,
    FilmStripMade,
    MakeFilmStrip,
    PortraitHint,
    PortraitPrepared,
    PreparePortrait,
    SnippetMeasured,
    WorkerFailed,
    WorkerReply,
    WorkerRequest,
)
from appliance.core.observation import FrameMeasurement, SoundMeasurement
from appliance.core.processing import Category
from appliance.core.settings import Descriptor

REQUESTS: list[WorkerRequest] = [
    AnalyseSnippet(
        media=b"\x1a\x45",
        permitted=frozenset({Category.FACE_COUNT, Category.DESCRIPTOR}),
        descriptor=Descriptor.BOTH,
        reference=b"\0" * 8,
        state=b"\1",
    ),
    AnalyseSnippet(media=b"", permitted=frozenset()),
    PreparePortrait(picture=b"\xff\xd8", permitted=frozenset({Category.PORTRAIT})),
    MakeFilmStrip(media=b"x", count=3, width=200),
]
REPLIES: list[WorkerReply] = [
    SnippetMeasured(
        frames=(
            FrameMeasurement(at_s=0.0, brightness=0.5, sharpness=10.0),
            FrameMeasurement(
                at_s=2.0,
                brightness=0.5,
                sharpness=10.0,
                change=0.1,
                face_scores=(0.9, 0.8),
                similarity=0.7,
                yaw=-3.0,
                pitch=2.0,
            ),
        ),
        sound=(SoundMeasurement(at_s=0.0, length_s=1.0, level_dbfs=-60.0),),
        duration_s=10.0,
        thumbnail=None,
        state=b"\2",
        cpu_ms={"decode": 1.5},
    ),
    PortraitPrepared(hints=(PortraitHint.MORE_LIGHT,), portrait=None, descriptor=None),
    FilmStripMade(stills=((0.5, b"jpeg"),)),
    WorkerFailed(code="bad-media", message="It is."),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests_come_back_as_they_were(request_: WorkerRequest) -> None:
    frame = codec.encode(request_)
    assert codec.LENGTH.unpack(frame[:4]) == (len(frame) - 4,)
    assert codec.decode_request(frame[4:]) == request_


@pytest.mark.parametrize("reply", REPLIES)
def test_replies_come_back_as_they_were(reply: WorkerReply) -> None:
    assert codec.decode_reply(codec.encode(reply)[4:]) == reply


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"abc",
        msgspec.msgpack.encode({"kind": "MakeFilmStrip"}),
        msgspec.msgpack.encode({"kind": "Unknown", "body": {}}),
        msgspec.msgpack.encode({"kind": "MakeFilmStrip", "body": {"count": 3}}),
        msgspec.msgpack.encode({"kind": "MakeFilmStrip", "body": {"media": b"", "count": "3"}}),
        codec.encode(REPLIES[3])[4:],  # a reply is no request
    ],
)
def test_what_is_no_request_is_refused(frame: bytes) -> None:
    with pytest.raises(BadInput):
        codec.decode_request(frame)


def test_what_is_too_large_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TooLarge):
        codec.encode(MakeFilmStrip(media=bytes(codec.MAX_MESSAGE_BYTES)))
