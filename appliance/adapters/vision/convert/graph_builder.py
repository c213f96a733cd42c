"""A thin layer over onnx.helper: names nodes, keeps constants, checks the finished model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

# Opset 13 and IR 8 are the oldest that hold all operators used, so that any onnxruntime of the
# last years reads the files.
_OPSET = 13
_IR_VERSION = 8

Shape = Sequence[int | str | None]


class GraphBuilder:
    def __init__(self, producer: str) -> None:
        self._producer = producer
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, values: NDArray[Any] | float, name: str | None = None) -> str:
        """Add a tensor of weights and return its name."""
        name = name or f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def scalar(self, value: float) -> str:
        name = f"w{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def integers(self, values: Sequence[int]) -> str:
        """Shapes and paddings, which ONNX wants as 64-bit tensors."""
        return self.constant(np.array(values, np.int64))

    def node(
        self, operator: str, inputs: Sequence[str], *, output: str | None = None, **attributes: Any
    ) -> str:
        """Append a node with one output and return the output's name."""
        name = output or f"{operator}_{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(operator, list(inputs), [name], name=name, **attributes)
        )
        return name

    def finish(self, name: str, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> bytes:
        """Check the model and return it as bytes, the same for the same calls."""
        graph = helper.make_graph(
            self._nodes,
            name,
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in outputs.items()],
            self._constants,
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", _OPSET)],
            producer_name=self._producer,
        )
        model.ir_version = _IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content
