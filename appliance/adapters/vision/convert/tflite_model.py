"""TensorFlow Lite to ONNX, for the two networks Hallvakt takes from there.

TensorFlow keeps pictures as height x width x channels; onnxruntime is fastest with channels
first. So the picture is turned around once at the input (`input` keeps the published layout,
n x height x width x 3) and everything inside has channels first.

A leaky unit (PReLU) stops onnxruntime from keeping its blocked memory layout across layers. It is
written as relu(x) * (1 - a) + x * a with two 1x1 depthwise convolutions, which keep the layout:
same numbers, MobileFaceNet 14.6 -> 8.4 ms, face mesh 6.2 -> 1.8 ms (one thread, AVX2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tflite
from numpy.typing import NDArray

from appliance.adapters.vision.convert import prelu, tflite_reader
from appliance.adapters.vision.convert.graph_builder import GraphBuilder
from appliance.adapters.vision.convert.tflite_reader import Operator
from appliance.core.errors import IntegrityFailure


def convert(content: bytes, outputs: tuple[str, ...]) -> bytes:
    """Return the ONNX model of a TensorFlow Lite file; see `written`."""
    return written(tflite_reader.read(content), outputs)


def written(network: tflite_reader.Network, outputs: tuple[str, ...]) -> bytes:
    """Return the ONNX model, its outputs called `outputs` in the network's order.

    A picture-shaped output is 1 x 1 x channels in both networks and keeps its four axes in the
    published order. Raises IntegrityFailure for a network that is not of the known kind.
    """
    network = prelu.fuse(network)
    if len(network.inputs) != 1 or len(network.outputs) != len(outputs):
        raise IntegrityFailure("The network does not have the inputs and outputs expected.")
    return _Writer(network).build(outputs)


class _Writer:
    def __init__(self, network: tflite_reader.Network) -> None:
        self._network = network
        self._graph = GraphBuilder("hallvakt-tflite")
        self._made_by = {out: op for op in network.operators for out in op.outputs}
        self._names: dict[int, str] = {}
        self._write: dict[str, Callable[[Operator], str]] = {
            "CONV_2D": self._convolution,
            "DEPTHWISE_CONV_2D": self._depthwise,
            "MAX_POOL_2D": self._max_pool,
            "PRELU": self._prelu,
            "ADD": self._add,
            "PAD": self._pad,
            "RESHAPE": self._reshape,
        }

    def build(self, outputs: tuple[str, ...]) -> bytes:
        network, graph = self._network, self._graph
        source = network.inputs[0]
        self._names[source] = graph.node("Transpose", ["input"], perm=[0, 3, 1, 2])
        needed = self._needed()
        for op in network.operators:
            if op.outputs[0] in needed:
                self._names[op.outputs[0]] = self._operator(op)
        shapes: dict[str, tuple[int | str | None, ...]] = {}
        for name, tensor in zip(outputs, network.outputs, strict=True):
            shape = network.shapes[tensor]
            if len(shape) == 4:
                graph.node("Transpose", [self._names[tensor]], output=name, perm=[0, 2, 3, 1])
            else:
                graph.node("Identity", [self._names[tensor]], output=name)
            shapes[name] = ("n", *shape[1:])
        return graph.finish("network", {"input": ("n", *network.shapes[source][1:])}, shapes)

    def _needed(self) -> set[int]:
        """Tensors that the outputs depend on."""
        needed: set[int] = set()
        waiting = list(self._network.outputs)
        while waiting:
            tensor = waiting.pop()
            if tensor not in needed:
                needed.add(tensor)
                waiting += self._made_by[tensor].inputs if tensor in self._made_by else ()
        return needed

    def _operator(self, op: Operator) -> str:
        if op.kind not in self._write:
            raise IntegrityFailure(f"{op.kind} appears where it is not expected.")
        name = self._write[op.kind](op)
        if op.options is None:
            return name
        activation = op.options.FusedActivationFunction()
        if activation == tflite.ActivationFunctionType.RELU:
            return self._graph.node("Relu", [name])
        if activation != tflite.ActivationFunctionType.NONE:
            raise IntegrityFailure(f"{op.kind} has an activation that is not known.")
        return name

    def _convolution(self, op: Operator) -> str:
        kernels = self._constant(op.inputs[1])  # out, height, width, in
        return self._any_convolution(op, kernels.transpose(0, 3, 1, 2), groups=1)

    def _depthwise(self, op: Operator) -> str:
        kernels = self._constant(op.inputs[1])  # 1, height, width, channels
        if kernels.shape[3] != self._network.shapes[op.inputs[0]][3]:
            raise IntegrityFailure("A depthwise convolution multiplies channels.")
        return self._any_convolution(op, kernels.transpose(3, 0, 1, 2), groups=kernels.shape[3])

    def _any_convolution(self, op: Operator, kernels: NDArray[Any], *, groups: int) -> str:
        if (op.options.DilationHFactor(), op.options.DilationWFactor()) != (1, 1):
            raise IntegrityFailure("A convolution is dilated.")
        size = (kernels.shape[2], kernels.shape[3])
        weights = [
            self._graph.constant(kernels),
            self._graph.constant(self._constant(op.inputs[2])),
        ]
        return self._graph.node(
            "Conv",
            [self._names[op.inputs[0]], *weights],
            kernel_shape=list(size),
            strides=self._strides(op),
            pads=self._padding(op, size),
            group=groups,
        )

    def _max_pool(self, op: Operator) -> str:
        size = (op.options.FilterHeight(), op.options.FilterWidth())
        return self._graph.node(
            "MaxPool",
            [self._names[op.inputs[0]]],
            kernel_shape=list(size),
            strides=self._strides(op),
            pads=self._padding(op, size),
        )

    def _prelu(self, op: Operator) -> str:
        x, graph = self._names[op.inputs[0]], self._graph
        slopes = self._constant(op.inputs[1]).reshape(-1, 1, 1, 1)
        one_by_one: dict[str, Any] = {"kernel_shape": [1, 1], "group": len(slopes)}
        positive = graph.node(
            "Conv", [graph.node("Relu", [x]), graph.constant(1 - slopes)], **one_by_one
        )
        whole = graph.node("Conv", [x, graph.constant(slopes)], **one_by_one)
        return graph.node("Add", [positive, whole])

    def _add(self, op: Operator) -> str:
        return self._graph.node("Add", [self._value(tensor) for tensor in op.inputs])

    def _pad(self, op: Operator) -> str:
        before, after = self._constant(op.inputs[1])[[0, 3, 1, 2]].T
        ends = self._graph.integers([*before.tolist(), *after.tolist()])
        return self._graph.node("Pad", [self._names[op.inputs[0]], ends])

    def _reshape(self, op: Operator) -> str:
        shape = self._network.shapes[op.inputs[0]]
        target = self._network.shapes[op.outputs[0]]
        if shape[1:3] != (1, 1) or len(target) != 2:
            raise IntegrityFailure("A picture is reshaped, which would mix up its axes.")
        return self._graph.node("Flatten", [self._names[op.inputs[0]]], axis=1)

    def _value(self, tensor: int) -> str:
        """A computed tensor, or a constant per channel."""
        if tensor in self._names:
            return self._names[tensor]
        return self._graph.constant(self._constant(tensor).reshape(1, -1, 1, 1))

    def _constant(self, tensor: int) -> NDArray[Any]:
        if tensor not in self._network.constants:
            raise IntegrityFailure("Weights are computed instead of stored.")
        return np.asarray(self._network.constants[tensor])

    def _strides(self, op: Operator) -> list[int]:
        return [op.options.StrideH(), op.options.StrideW()]

    def _padding(self, op: Operator, size: tuple[int, int]) -> list[int]:
        """TensorFlow's SAME padding, top left bottom right: the odd pixel goes to the end."""
        if op.options.Padding() == tflite.Padding.VALID:
            return [0, 0, 0, 0]
        starts, ends = [], []
        sides = self._network.shapes[op.inputs[0]][1:3]
        for side, kernel, stride in zip(sides, size, self._strides(op), strict=True):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)
            starts.append(total // 2)
            ends.append(total - total // 2)
        return starts + ends
