"""A small TensorFlow Lite network, described by hand: what the written ONNX model computes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import pytest
import tflite
from numpy.typing import NDArray

from appliance.adapters.vision.convert import tflite_model
from appliance.adapters.vision.convert.tflite_reader import Network, Operator
from appliance.core.errors import IntegrityFailure

RANDOM = np.random.default_rng(3)


def options(**values: Any) -> SimpleNamespace:
    """Stands for one of the schema's option tables, whose fields are methods."""
    return SimpleNamespace(**{name: (lambda value=value: value) for name, value in values.items()})


CONV = options(
    StrideH=2,
    StrideW=2,
    DilationHFactor=1,
    DilationWFactor=1,
    Padding=tflite.Padding.SAME,
    FusedActivationFunction=tflite.ActivationFunctionType.NONE,
)
ADD = options(FusedActivationFunction=tflite.ActivationFunctionType.NONE)


def convolved(x: NDArray[Any], kernels: NDArray[Any], bias: NDArray[Any]) -> NDArray[Any]:
    """3x3, stride 2, TensorFlow's SAME padding, written out: the odd pixel is at the end."""
    _, height, width, _ = x.shape
    rows, columns = -(-height // 2), -(-width // 2)
    below, right = (rows - 1) * 2 + 3 - height, (columns - 1) * 2 + 3 - width
    x = np.pad(
        x, ((0, 0), (below // 2, below - below // 2), (right // 2, right - right // 2), (0, 0))
    )
    out = np.empty((1, rows, columns, len(kernels)), np.float32)
    for row in range(rows):
        for column in range(columns):
            patch = x[0, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            out[0, row, column] = (kernels * patch).sum(axis=(1, 2, 3)) + bias
    return out


@pytest.fixture
def small() -> tuple[Network, NDArray[Any], NDArray[Any]]:
    """Input 0 -> convolution 3 -> PReLU spelt out -> output 9; with the kernels and the slopes."""
    kernels = RANDOM.standard_normal((4, 3, 3, 2)).astype(np.float32)
    bias = RANDOM.standard_normal(4).astype(np.float32)
    half_slopes = RANDOM.uniform(0, 0.5, (1, 1, 4)).astype(np.float32)
    picture = (1, 3, 4, 4)
    network = Network(
        operators=(
            Operator("CONV_2D", (0, 1, 2), (3,), CONV),
            Operator("RELU", (3,), (4,)),
            Operator("ABS", (3,), (5,)),
            Operator("SUB", (3, 5), (6,), ADD),
            Operator("MUL", (7, 6), (8,), ADD),
            Operator("ADD", (4, 8), (9,), ADD),
        ),
        shapes={0: (1, 6, 7, 2), 3: picture, 9: picture},
        constants={1: kernels, 2: bias, 7: half_slopes},
        inputs=(0,),
        outputs=(9,),
    )
    x = RANDOM.standard_normal((1, 6, 7, 2)).astype(np.float32)
    y = convolved(x, kernels, bias)
    return network, x, np.where(y > 0, y, 2 * half_slopes * y)


def test_padding_layout_and_leaky_units_are_tensorflows(
    small: tuple[Network, NDArray[Any], NDArray[Any]],
) -> None:
    network, x, expected = small
    model = tflite_model.written(network, ("picture",))
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (result,) = session.run(["picture"], {"input": x})
    assert result.shape == expected.shape
    assert np.abs(result - expected).max() < 1e-5
    kinds = {node.op_type for node in _nodes(model)}
    assert "PRelu" not in kinds  # it would break the fast memory layout
    assert "Abs" not in kinds  # the arithmetic it was spelt out as is gone
    assert tflite_model.written(network, ("picture",)) == model  # the same bytes every time


def test_an_operator_in_the_wrong_place_is_refused(
    small: tuple[Network, NDArray[Any], NDArray[Any]],
) -> None:
    network, _, _ = small
    lone = Network(
        operators=(*network.operators[:3], Operator("MUL", (3, 7), (9,), ADD)),
        shapes=network.shapes,
        constants=network.constants,
        inputs=network.inputs,
        outputs=network.outputs,
    )
    with pytest.raises(IntegrityFailure, match="MUL appears where it is not expected"):
        tflite_model.written(lone, ("picture",))


def _nodes(model: bytes) -> Any:
    import onnx

    return onnx.load_from_string(model).graph.node
