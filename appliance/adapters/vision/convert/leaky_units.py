"""Writes leaky units back as the one operator they were published as.

`tflite_model` spells PReLU out as relu(x) * (1 - a) + x * a because that is fast. This undoes it,
so that `models bench` can measure what the networks would cost as published.
"""

from __future__ import annotations

from typing import Any

import onnx
from onnx import helper, numpy_helper


def as_published(content: bytes) -> bytes:
    """The ONNX model `content` with every such group replaced by one PRelu; the same otherwise."""
    model = onnx.load_from_string(content)
    graph = model.graph
    made_by = {node.output[0]: node for node in graph.node}
    weights = {tensor.name: tensor for tensor in graph.initializer}
    replaced: dict[str, Any] = {}
    dropped: set[str] = set()
    for node in graph.node:
        found = _match(node, made_by, weights)
        if found is None:
            continue
        x, slope, group = found
        name = f"{node.output[0]}_slope"
        values = numpy_helper.to_array(weights[slope]).reshape(-1, 1, 1)
        graph.initializer.append(numpy_helper.from_array(values.copy(), name))
        replaced[node.output[0]] = helper.make_node("PRelu", [x, name], list(node.output))
        dropped |= group
    kept = [
        replaced.get(node.output[0], node) for node in graph.node if node.output[0] not in dropped
    ]
    del graph.node[:]
    graph.node.extend(kept)
    onnx.checker.check_model(model)
    result: bytes = model.SerializeToString()
    return result


def _match(
    node: Any, made_by: dict[str, Any], weights: dict[str, Any]
) -> tuple[str, str, set[str]] | None:
    """x, the slopes' tensor and the outputs of the group's inner nodes, when `node` ends one."""
    if node.op_type != "Add" or not all(name in made_by for name in node.input):
        return None
    positive, whole = (made_by[name] for name in node.input)
    if (positive.op_type, whole.op_type) != ("Conv", "Conv"):
        return None
    relu = made_by.get(positive.input[0])
    if relu is None or relu.op_type != "Relu" or relu.input[0] != whole.input[0]:
        return None
    if len(whole.input) != 2 or whole.input[1] not in weights:
        return None
    group = {relu.output[0], positive.output[0], whole.output[0]}
    return str(whole.input[0]), str(whole.input[1]), group
