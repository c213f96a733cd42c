"""Requests and replies as bytes: a 4-byte big-endian length, then MessagePack {kind, body}.

A worker begins a connection with an empty frame, `GREETING`: it is locked down and ready. Without
it, a gateway could hand a request to a process that is about to end.

`kind` names the message type, since the types themselves carry no tag. Decoding is strict: an
unknown kind, a missing field or a wrong type raises BadInput.
"""

from __future__ import annotations

import struct
from typing import Any, cast, get_args

import msgspec

from appliance.core.errors import BadInput, TooLarge
from appliance.core.messages import WorkerReply, WorkerRequest

MAX_MESSAGE_BYTES = 16 * 1024 * 1024
LENGTH = struct.Struct(">I")
GREETING = LENGTH.pack(0)


class _Tagged(msgspec.Struct, frozen=True):
    kind: str
    body: msgspec.Raw


_encoder = msgspec.msgpack.Encoder()
_tagged = msgspec.msgpack.Decoder(_Tagged)
_requests = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in get_args(WorkerRequest)}
_replies = {kind.__name__: msgspec.msgpack.Decoder(kind) for kind in get_args(WorkerReply)}


def encode(message: WorkerRequest | WorkerReply) -> bytes:
    """The whole frame, length included. Raises TooLarge beyond 16 MiB."""
    body = msgspec.Raw(_encoder.encode(message))
    frame = _encoder.encode(_Tagged(type(message).__name__, body))
    check_length(len(frame))
    return LENGTH.pack(len(frame)) + frame


def decode_request(frame: bytes) -> WorkerRequest:
    """`frame` is without its length."""
    return cast(WorkerRequest, _decode(frame, _requests))


def decode_reply(frame: bytes) -> WorkerReply:
    """`frame` is without its length."""
    return cast(WorkerReply, _decode(frame, _replies))


def check_length(length: int) -> None:
    """Raise TooLarge for a frame that no honest peer sends, before memory is taken for it."""
    if length > MAX_MESSAGE_BYTES:
        raise TooLarge("A message between gateway and media worker is over 16 MiB.")


def _decode(frame: bytes, decoders: dict[str, Any]) -> object:
    try:
        tagged = _tagged.decode(frame)
        return decoders[tagged.kind].decode(tagged.body)
    except (msgspec.DecodeError, KeyError) as error:
        raise BadInput(
            "A message between gateway and media worker is not what it should be: "
            "are both of the same version?",
            code="bad-message",
        ) from error
