"""A TensorFlow Lite file as plain lists: operators with their options and tensors by number.

Knows the operators of the two networks Hallvakt converts and refuses others. Shapes and kernels
are as the file has them: pictures batch x height x width x channels.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from appliance.core.errors import IntegrityFailure

_TYPES = {
    tflite.TensorType.FLOAT32: "<f4",
    tflite.TensorType.FLOAT16: "<f2",
    tflite.TensorType.INT32: "<i4",
}
_KINDS = {
    getattr(tflite.BuiltinOperator, name): name
    for name in (
        "ABS", "ADD", "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "MUL", "PAD", "PRELU",
        "RELU", "RESHAPE", "SUB",
    )
}  # fmt: skip
_OPTIONS: dict[str, Any] = {
    "ADD": tflite.AddOptions,
    "CONV_2D": tflite.Conv2DOptions,
    "DEPTHWISE_CONV_2D": tflite.DepthwiseConv2DOptions,
    "MAX_POOL_2D": tflite.Pool2DOptions,
    "MUL": tflite.MulOptions,
    "SUB": tflite.SubOptions,
}


@dataclass(frozen=True, slots=True)
class Operator:
    """`options` is the schema's own table for this kind, None where none is needed."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Any = None


@dataclass(frozen=True, slots=True)
class Network:
    """`constants` are tensors with weights; every other tensor is computed."""

    operators: tuple[Operator, ...]
    shapes: dict[int, tuple[int, ...]]
    constants: dict[int, NDArray[Any]]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(content: bytes) -> Network:
    """Return the file's first graph; raise IntegrityFailure when it is damaged or has operators
    or element types that Hallvakt does not convert."""
    if not tflite.Model.ModelBufferHasIdentifier(content, 0):
        raise IntegrityFailure("This is not a TensorFlow Lite file.")
    try:
        return _read(tflite.Model.GetRootAsModel(content, 0))
    except (struct.error, IndexError, ValueError) as error:
        raise IntegrityFailure(f"The TensorFlow Lite file is damaged: {error}.") from error


def _read(model: Any) -> Network:
    if model.SubgraphsLength() != 1:
        raise IntegrityFailure("The TensorFlow Lite file does not hold exactly one network.")
    graph = model.Subgraphs(0)
    shapes: dict[int, tuple[int, ...]] = {}
    constants: dict[int, NDArray[Any]] = {}
    for number in range(graph.TensorsLength()):
        tensor = graph.Tensors(number)
        shapes[number] = tuple(int(n) for n in tensor.ShapeAsNumpy())
        buffer = model.Buffers(tensor.Buffer())
        if buffer.DataLength():
            constants[number] = _values(tensor, buffer, shapes[number])
    return Network(
        operators=tuple(
            _operator(model, graph.Operators(n)) for n in range(graph.OperatorsLength())
        ),
        shapes=shapes,
        constants=constants,
        inputs=tuple(int(n) for n in graph.InputsAsNumpy()),
        outputs=tuple(int(n) for n in graph.OutputsAsNumpy()),
    )


def _values(tensor: Any, buffer: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    if tensor.Type() not in _TYPES:
        raise IntegrityFailure("The TensorFlow Lite file holds quantised or unknown tensors.")
    values = np.frombuffer(buffer.DataAsNumpy().tobytes(), _TYPES[tensor.Type()]).reshape(shape)
    return values.astype(np.float32) if values.dtype == np.float16 else values


def _operator(model: Any, operator: Any) -> Operator:
    code = model.OperatorCodes(operator.OpcodeIndex())
    # Two fields since the schema outgrew one byte; the larger one is meant (schema.fbs).
    number = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
    if number not in _KINDS:
        raise IntegrityFailure(f"The TensorFlow Lite operator number {number} is not known.")
    kind, options = _KINDS[number], None
    if kind in _OPTIONS:
        table = operator.BuiltinOptions()
        options = _OPTIONS[kind]()
        options.Init(table.Bytes, table.Pos)
    return Operator(
        kind,
        tuple(int(n) for n in operator.InputsAsNumpy()),
        tuple(int(n) for n in operator.OutputsAsNumpy()),
        options,
    )
