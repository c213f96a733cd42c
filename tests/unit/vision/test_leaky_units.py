from __future__ import annotations

import numpy as np
import onnx
import onnxruntime

from appliance.adapters.vision.convert.graph_builder import GraphBuilder
from appliance.adapters.vision.convert.leaky_units import as_published

_CHANNELS = 4
_chance = np.random.default_rng(5)


def _rewritten() -> bytes:
    """A convolution and a leaky unit, written as tflite_model writes it, and a plain sum."""
    graph = GraphBuilder("test")
    kernel = _chance.normal(size=(_CHANNELS, 3, 3, 3)).astype(np.float32)
    slopes = np.array([0.1, 0.2, 0.3, -0.4], np.float32).reshape(-1, 1, 1, 1)
    x = graph.node("Conv", ["input", graph.constant(kernel)], kernel_shape=[3, 3])
    relu = graph.node("Relu", [x])
    positive = graph.node("Conv", [relu, graph.constant(1 - slopes)], group=_CHANNELS)
    whole = graph.node("Conv", [x, graph.constant(slopes)], group=_CHANNELS)
    leaky = graph.node("Add", [positive, whole])
    graph.node("Add", [leaky, x], output="sum")
    return graph.finish("n", {"input": (1, 3, 8, 8)}, {"sum": (1, _CHANNELS, 6, 6)})


def test_leaky_units_become_one_operator_with_the_same_result() -> None:
    fast = _rewritten()
    published = as_published(fast)
    kinds = [node.op_type for node in onnx.load_from_string(published).graph.node]
    assert kinds == ["Conv", "PRelu", "Add"]
    picture = _chance.normal(size=(1, 3, 8, 8)).astype(np.float32)
    one, other = (
        onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(
            None, {"input": picture}
        )[0]
        for model in (fast, published)
    )
    assert np.abs(one - other).max() < 1e-5


def test_a_network_without_any_stays_as_it_is() -> None:
    graph = GraphBuilder("test")
    graph.node("Relu", ["input"], output="out")
    plain = graph.finish("n", {"input": (1, 2)}, {"out": (1, 2)})
    assert as_published(plain) == plain
