"""dlib's face descriptor (King, `dlib_face_recognition_resnet_model_v1`) into ONNX.

A ResNet of 29 convolutions after dlib's example dnn_face_recognition_ex.cpp: 7x7 convolution and
pooling, then levels of residual blocks; the first block of a level halves the picture. Where the
shortcut and the block differ in channels or size, dlib fills the smaller one with zeros.

Input `input`: float32 n x 3 x 150 x 150, RGB, 0..255 (dlib's face chip: eyes and nose aligned,
padding 0.25). Output `descriptor`: n x 128.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np

from appliance.adapters.vision.convert.dlib_reader import Affine, Convolution, Dense, Layer, layers
from appliance.adapters.vision.convert.graph_builder import GraphBuilder
from appliance.core.errors import IntegrityFailure

L = TypeVar("L", Convolution, Affine, Dense)

_CHIP = 150
# dlib's input_rgb_image_sized subtracts the training mean and divides by 256.
_MEAN_RGB = (122.782, 117.001, 104.298)
_SCALE = 1 / 256
# (filters, first block halves the picture, plain blocks after it), from the input on.
_LEVELS = ((32, False, 3), (64, True, 3), (128, True, 2), (256, True, 2), (256, True, 0))


def convert(content: bytes) -> bytes:
    """Return the ONNX model; raise IntegrityFailure when the layers are not the known ones."""
    return _Network(layers(content)).build()


class _Network:
    def __init__(self, weights: Iterator[Layer]) -> None:
        self._weights = weights
        self._graph = GraphBuilder("hallvakt-dlib")
        self._side = (_CHIP - 7) // 2 + 1  # of the picture, in pixels
        self._filters = _LEVELS[0][0]

    def build(self) -> bytes:
        graph = self._graph
        mean = graph.constant(np.array(_MEAN_RGB, np.float32).reshape(1, 3, 1, 1))
        x = graph.node("Mul", [graph.node("Sub", ["input", mean]), graph.scalar(_SCALE)])
        x = graph.node("Relu", [self._convolution(x)])
        x = graph.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2])
        self._side = (self._side - 3) // 2 + 1
        for filters, halves, plain_blocks in _LEVELS:
            if halves:
                x = self._halving_block(x, filters)
            for _ in range(plain_blocks):
                x = graph.node("Relu", [graph.node("Add", [self._block(x), x])])
        x = graph.node("Flatten", [graph.node("GlobalAveragePool", [x])], axis=1)
        dense = self._next(Dense)
        graph.node("MatMul", [x, graph.constant(dense.matrix)], output="descriptor")
        if next(self._weights, None) is not None:
            raise IntegrityFailure("dlib's network has more layers than known.")
        return graph.finish(
            "dlib_resnet_v1",
            {"input": ("n", 3, _CHIP, _CHIP)},
            {"descriptor": ("n", dense.matrix.shape[1])},
        )

    def _block(self, x: str) -> str:
        return self._convolution(self._graph.node("Relu", [self._convolution(x)]))

    def _halving_block(self, x: str, filters: int) -> str:
        main = self._block(x)
        shortcut = self._graph.node("AveragePool", [x], kernel_shape=[2, 2], strides=[2, 2])
        main_side, shortcut_side = (self._side - 3) // 2 + 1, (self._side - 2) // 2 + 1
        side = max(main_side, shortcut_side)
        shortcut = self._grow(shortcut, filters - self._filters, side - shortcut_side)
        main = self._grow(main, 0, side - main_side)
        self._side, self._filters = side, filters
        return self._graph.node("Relu", [self._graph.node("Add", [main, shortcut])])

    def _grow(self, x: str, channels: int, pixels: int) -> str:
        """Add zero channels at the end and zero pixels at the bottom and on the right."""
        if not channels and not pixels:
            return x
        ends = self._graph.integers([0, 0, 0, 0, 0, channels, pixels, pixels])
        return self._graph.node("Pad", [x, ends])

    def _convolution(self, x: str) -> str:
        """A convolution with the affine layer that follows it folded into its weights."""
        conv, affine = self._next(Convolution), self._next(Affine)
        scale = affine.scale.astype(np.float64)
        kernels = (conv.kernels * scale[:, None, None, None]).astype(np.float32)
        bias = (conv.bias * scale + affine.shift).astype(np.float32)
        return self._graph.node(
            "Conv",
            [x, self._graph.constant(kernels), self._graph.constant(bias)],
            kernel_shape=list(kernels.shape[2:]),
            strides=list(conv.stride),
            pads=list(conv.padding) * 2,
        )

    def _next(self, kind: type[L]) -> L:
        layer = next(self._weights, None)
        if not isinstance(layer, kind):
            raise IntegrityFailure(f"dlib's network: expected {kind.__name__} next.")
        return layer
