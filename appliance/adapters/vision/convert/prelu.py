"""Finds leaky units that were exported as arithmetic, so that they can be written fast.

Keras exports PReLU to TensorFlow Lite as relu(x) + c * (x - |x|); x - |x| is twice the negative
part, so the slope is 2c. Five operators become one.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import numpy as np

from appliance.adapters.vision.convert.tflite_reader import Network, Operator


def fuse(network: Network) -> Network:
    """Return the network with each such group replaced by one PRELU at the place of its ADD.

    The operators that fed only the group are left in place, unused: the writer emits what the
    outputs need.
    """
    made_by = {output: op for op in network.operators for output in op.outputs}
    constants = dict(network.constants)
    operators: list[Operator] = []
    unused = count(max(network.shapes) + 1)
    for op in network.operators:
        if op.kind == "ADD" and (found := _match(op, made_by, network)):
            x, half_slope = found
            slope = next(unused)
            constants[slope] = (2 * constants[half_slope].astype(np.float32)).reshape(-1)
            op = Operator("PRELU", (x, slope), op.outputs)
        operators.append(op)
    return replace(network, operators=tuple(operators), constants=constants)


def _match(add: Operator, made_by: dict[int, Operator], network: Network) -> tuple[int, int] | None:
    """Return (x, tensor of c) when `add` is relu(x) + c * (x - |x|)."""
    for relu_at, product_at in (add.inputs, add.inputs[::-1]):
        relu, product = made_by.get(relu_at), made_by.get(product_at)
        if relu is None or product is None or (relu.kind, product.kind) != ("RELU", "MUL"):
            continue
        x = relu.inputs[0]
        for c, difference_at in (product.inputs, product.inputs[::-1]):
            difference = made_by.get(difference_at)
            if c not in network.constants or difference is None or difference.kind != "SUB":
                continue
            minuend, absolute_at = difference.inputs
            absolute = made_by.get(absolute_at)
            if minuend == x and absolute and (absolute.kind, absolute.inputs) == ("ABS", (x,)):
                return x, c
    return None
