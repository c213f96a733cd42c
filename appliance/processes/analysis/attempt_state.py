"""What the worker asks the gateway to remember about an attempt between two snippets.

The worker itself remembers nothing (DESIGN ruling 15). The bytes stay in the gateway's memory;
they are decoded strictly, and what cannot be decoded (another version, nothing yet) starts anew.
"""

from __future__ import annotations

import msgspec

_VERSION = 3
_MOST_VECTORS = 3


class AttemptState(msgspec.Struct, kw_only=True):
    """`elapsed_s` is video looked at so far: the clock of everything below.

    `tiny` is the 64 x 48 grey copy of the last frame; `box` the last face (left, top, width,
    height as shares of the picture), None after an absence. `vectors` are the last descriptions
    of the face (only with Category.DESCRIPTOR), `described_s` when the last was made,
    `described_since_s` when their run began; `similar` what they came to; `settled` that there
    was an answer, or two that contradict each other; `nodded_s` since when descriptions wait for
    the head to come up again.
    `searched_s` is when the whole picture was last searched closely, `several_s` when that last
    showed more than one face (processes/analysis/face_search.py).
    `face_grey` is the last face, upright, in 24 x 24 grey (only with Category.DESCRIPTOR).
    `turned` says that the head was turned in the last frame, `mesh_frames` counts what the mesh
    has seen, `usual_yaw` is the running mean of the five points' yaw, `usual_pitch` of the mesh's
    pitch, `mesh_s` when it last ran.
    """

    version: int = _VERSION
    elapsed_s: float = 0.0
    tiny: bytes | None = None
    box: tuple[float, float, float, float] | None = None
    searched_s: float | None = None
    several_s: float | None = None
    face_grey: bytes | None = None
    vectors: list[bytes] = []
    described_s: float | None = None
    described_since_s: float = 0.0
    similar: float | None = None
    settled: bool = False
    nodded_s: float | None = None
    turned: bool = False
    mesh_frames: int = 0
    mesh_s: float | None = None
    usual_yaw: float = 0.0
    usual_pitch: float = 0.0


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(AttemptState)


def load(data: bytes) -> AttemptState:
    """The remembered state, or a fresh one."""
    if not data:
        return AttemptState()
    try:
        state = _decoder.decode(data)
    except msgspec.DecodeError:
        return AttemptState()
    if state.version != _VERSION or len(state.vectors) > _MOST_VECTORS:
        return AttemptState()
    return state


def dump(state: AttemptState) -> bytes:
    return _encoder.encode(state)
