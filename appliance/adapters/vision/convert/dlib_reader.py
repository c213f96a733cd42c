"""Reads the layers out of dlib's serialised face recognition network.

dlib (dnn/core.h, dnn/layers.h, serialize.h) writes a network as nested layers, input side last
on the wire but each layer's parameters in one tensor. Only three kinds carry weights here, each
announced by a version string: `con_4`, `affine_` and `fc_2`. Integers are one length-and-sign
byte followed by that many little-endian bytes; a tensor is version 2, four sizes, then float32.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.core.errors import IntegrityFailure

_INPUT_LAYER = b"input_rgb_image_sized"
# Before each word dlib writes its length as an integer: one byte counting bytes, then the length.
_LAYER = re.compile(rb"\x01\x05con_4|\x01\x07affine_|\x01\x04fc_2")
_TENSOR_VERSION = 2
_NEGATIVE, _LENGTH = 0x80, 0x0F

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Convolution:
    """`kernels` is out x in x height x width."""

    kernels: Floats
    bias: Floats
    stride: tuple[int, int]
    padding: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Affine:
    """What batch normalisation becomes after training: x * scale + shift, per channel."""

    scale: Floats
    shift: Floats


@dataclass(frozen=True, slots=True)
class Dense:
    """`matrix` is in x out; no bias."""

    matrix: Floats


Layer = Convolution | Affine | Dense


def layers(content: bytes) -> Iterator[Layer]:
    """Yield the layers with weights, from the input on; raise IntegrityFailure when damaged."""
    start = content.find(_INPUT_LAYER)
    if start < 0:
        raise IntegrityFailure("This is not dlib's face recognition network.")
    reader = _Reader(content, start)
    try:
        while (word := reader.next_layer()) is not None:
            yield reader.layer(word)
    except (IndexError, ValueError) as error:
        raise IntegrityFailure(f"dlib's network file is damaged: {error}.") from error


class _Reader:
    def __init__(self, content: bytes, at: int) -> None:
        self._content = content
        self._at = at

    def next_layer(self) -> str | None:
        found = _LAYER.search(self._content, self._at)
        if found is None:
            return None
        self._at = found.end()
        return found.group()[2:].decode()

    def layer(self, word: str) -> Layer:
        if word == "con_4":
            return self._convolution()
        if word == "affine_":
            values = self._tensor()
            half = values.size // 2
            return Affine(values[:half], values[half:])
        outputs, inputs = self._integer(), self._integer()
        return Dense(self._tensor().reshape(inputs, outputs))

    def _convolution(self) -> Convolution:
        values = self._tensor()
        filters, height, width, stride_y, stride_x, pad_y, pad_x = (
            self._integer() for _ in range(7)
        )
        kernels = values[:-filters].reshape(filters, -1, height, width)
        return Convolution(kernels, values[-filters:], (stride_y, stride_x), (pad_y, pad_x))

    def _integer(self) -> int:
        head = self._content[self._at]
        length = head & _LENGTH
        value = int.from_bytes(self._content[self._at + 1 : self._at + 1 + length], "little")
        self._at += 1 + length
        return -value if head & _NEGATIVE else value

    def _tensor(self) -> Floats:
        if (version := self._integer()) != _TENSOR_VERSION:
            raise ValueError(f"tensor version {version}")
        size = int(np.prod([self._integer() for _ in range(4)]))
        values = np.frombuffer(self._content, "<f4", size, self._at)
        self._at += 4 * size
        return values
