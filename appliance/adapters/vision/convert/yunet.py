"""YuNet, the face detector: weights out of libfacedetection's shared library into ONNX.

Network as in Wu, Peng, Yu: "YuNet: A Tiny Millisecond-level Face Detector" (2023), the larger
variant `n`: a backbone of depthwise-separable units, a three-level feature pyramid, and per level
one head each for class, objectness, box (4) and five landmarks (10).

Input `input`: float32 1x3xHxW, BGR, 0..255, H and W multiples of 32. Outputs `cls_S`, `obj_S`
(after the sigmoid), `bbox_S`, `kps_S` for strides S = 8, 16, 32: 1 x (H/S * W/S) x channels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from appliance.adapters.vision.convert.elf_symbols import float_arrays
from appliance.adapters.vision.convert.graph_builder import GraphBuilder
from appliance.core.errors import IntegrityFailure

_HEADS = (("cls", 1, True), ("obj", 1, True), ("bbox", 4, False), ("kps", 10, False))
_STRIDES = (8, 16, 32)
_FIRST_FILTERS = 16
# libfacedetection stores the 3x3x3 kernels of the first layer as rows of 27, padded to 32.
_FIRST_ROW, _FIRST_USED = 32, 27


def convert(library: bytes) -> bytes:
    """Return the ONNX model; raise IntegrityFailure when a weight array is missing."""
    try:
        return _Network(float_arrays(library)).build()
    except KeyError as error:
        raise IntegrityFailure(
            f"The library does not export {error}: it is not the pinned build."
        ) from error


class _Network:
    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._weights = weights
        self._graph = GraphBuilder("hallvakt-yunet")

    def build(self) -> bytes:
        pyramid = self._neck(self._backbone())
        for head, channels, sigmoid in _HEADS:
            for level, (feature, stride) in enumerate(zip(pyramid, _STRIDES, strict=True)):
                self._head(feature, head, level, stride, channels, sigmoid)
        outputs = {
            f"{head}_{stride}": (1, None, channels)
            for head, channels, _ in _HEADS
            for stride in _STRIDES
        }
        return self._graph.finish("yunet_n", {"input": (1, 3, "height", "width")}, outputs)

    def _backbone(self) -> tuple[str, str, str]:
        """Return the features at strides 8, 16 and 32."""
        x = self._separable(self._first_layer(), "backbone__model0_dp")
        x = self._unit(self._halve(x), "backbone__model1")
        x = self._halve(self._unit(x, "backbone__model2"))
        fine = self._unit(x, "backbone__model3")
        middle = self._unit(self._halve(fine), "backbone__model4")
        coarse = self._unit(self._halve(middle), "backbone__model5")
        return fine, middle, coarse

    def _neck(self, features: tuple[str, str, str]) -> tuple[str, str, str]:
        """Mix each coarser level into the next finer one."""
        fine, middle, coarse = features
        coarse = self._separable(coarse, "neck__lateral_convs__2")
        middle = self._graph.node("Add", [self._double(coarse), middle])
        middle = self._separable(middle, "neck__lateral_convs__1")
        fine = self._graph.node("Add", [self._double(middle), fine])
        return self._separable(fine, "neck__lateral_convs__0"), middle, coarse

    def _head(
        self, feature: str, head: str, level: int, stride: int, channels: int, sigmoid: bool
    ) -> None:
        graph, name = self._graph, f"{head}_{stride}"
        x = self._separable(feature, f"bbox_head__multi_level_{head}__{level}", relu=False)
        x = graph.node("Transpose", [x], perm=[0, 2, 3, 1])
        shape = graph.integers([1, -1, channels])
        if sigmoid:
            graph.node("Sigmoid", [graph.node("Reshape", [x, shape])], output=name)
        else:
            graph.node("Reshape", [x, shape], output=name)

    def _first_layer(self) -> str:
        rows = self._weights["backbone__model0_pw_weight"].reshape(_FIRST_FILTERS, _FIRST_ROW)
        kernels = rows[:, :_FIRST_USED].reshape(_FIRST_FILTERS, 3, 3, 3).transpose(0, 3, 1, 2)
        bias = self._weights["backbone__model0_pw_bias"]
        graph = self._graph
        x = graph.node(
            "Conv",
            ["input", graph.constant(kernels), graph.constant(bias)],
            kernel_shape=[3, 3],
            strides=[2, 2],
            pads=[1, 1, 1, 1],
        )
        return graph.node("Relu", [x])

    def _unit(self, x: str, prefix: str) -> str:
        return self._separable(self._separable(x, f"{prefix}_dp1"), f"{prefix}_dp2")

    def _separable(self, x: str, prefix: str, *, relu: bool = True) -> str:
        """A 1x1 convolution over channels, then a 3x3 one within each channel."""
        graph = self._graph
        bias = self._weights[f"{prefix}_pw_bias"]
        kernels = self._weights[f"{prefix}_pw_weight"].reshape(len(bias), -1, 1, 1)
        x = graph.node(
            "Conv", [x, graph.constant(kernels), graph.constant(bias)], kernel_shape=[1, 1]
        )
        bias = self._weights[f"{prefix}_dw_bias"]
        planes = self._weights[f"{prefix}_dw_weight"].reshape(3, 3, len(bias))
        x = graph.node(
            "Conv",
            [x, graph.constant(planes.transpose(2, 0, 1)[:, None]), graph.constant(bias)],
            kernel_shape=[3, 3],
            pads=[1, 1, 1, 1],
            group=len(bias),
        )
        return graph.node("Relu", [x]) if relu else x

    def _halve(self, x: str) -> str:
        return self._graph.node("MaxPool", [x], kernel_shape=[2, 2], strides=[2, 2])

    def _double(self, x: str) -> str:
        scales = self._graph.constant(np.array([1, 1, 2, 2], np.float32))
        return self._graph.node(
            "Resize",
            [x, "", scales],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
